// The two small layers of squeeze-excite.

namespace mbconv {

/// Squeeze-excite's two small layers for one image.
struct Gate {
  static void forward(const MBConvShape& s, const MBConvWeights& w, const float* pooled, float* before, float* hidden,
                      float* gate) {
    for (int r = 0; r < s.reduced; ++r) {
      double sum = w.seBias1[r];
      for (int m = 0; m < s.middle; ++m) sum += static_cast<double>(pooled[m]) * w.se1[static_cast<size_t>(m) * s.reduced + r];
      before[r] = static_cast<float>(sum);
      withActivation(s.activation, [&](auto A) { hidden[r] = activation<decltype(A)::value>(splat(before[r]))[0]; });
    }
    for (int m = 0; m < s.middle; ++m) gate[m] = w.seBias2[m];
    for (int r = 0; r < s.reduced; ++r)
      for (int m = 0; m < s.middle; ++m) gate[m] += hidden[r] * w.se2[static_cast<size_t>(r) * s.middle + m];
    for (int m = 0; m < s.middle; m += 8) {
      const int lanes = std::min(8, s.middle - m);
      storePart(gate + m, sigmoid(loadPart(gate + m, lanes)), lanes);
    }
  }

  /// Gradients of the weights (added to `g`, each as in the weights) and of the pooled means.
  static void backward(const MBConvShape& s, const MBConvWeights& w, const float* pooled, const float* before,
                       const float* hidden, const float* gate, float* dGate, const MBConvGradients& g, float* dPooled) {
    for (int m = 0; m < s.middle; ++m) {
      dGate[m] *= gate[m] * (1.0f - gate[m]);
      g.seBias2[m] += dGate[m];
      dPooled[m] = 0;
    }
    for (int r = 0; r < s.reduced; ++r) {
      float sum = 0;
      for (int m = 0; m < s.middle; ++m) {
        g.se2[static_cast<size_t>(r) * s.middle + m] += hidden[r] * dGate[m];
        sum += w.se2[static_cast<size_t>(r) * s.middle + m] * dGate[m];
      }
      withActivation(s.activation, [&](auto A) {
        v8 slope;
        activation<decltype(A)::value>(splat(before[r]), slope);
        sum *= slope[0];
      });
      g.seBias1[r] += sum;
      for (int m = 0; m < s.middle; ++m) {
        g.se1[static_cast<size_t>(m) * s.reduced + r] += pooled[m] * sum;
        dPooled[m] += w.se1[static_cast<size_t>(m) * s.reduced + r] * sum;
      }
    }
  }
};

}  // namespace mbconv
