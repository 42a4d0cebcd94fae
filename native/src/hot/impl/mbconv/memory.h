// Memory of one call.

namespace mbconv {

struct Uninitialised {};

/// Floats, zeroed unless asked otherwise.
struct Buffer {
  explicit Buffer(size_t floats) : Buffer(floats, Uninitialised{}) { std::memset(data, 0, floats * 4); }
  Buffer(size_t floats, Uninitialised) : data(static_cast<float*>(std::aligned_alloc(64, (floats * 4 + 127) / 64 * 64))) {
    if (!data) throw std::bad_alloc();
  }
  Buffer(Buffer&& other) : data(other.data) { other.data = nullptr; }
  Buffer(const Buffer&) = delete;
  ~Buffer() { std::free(data); }
  operator float*() { return data; }
  operator const float*() const { return data; }
  float* data;
};

struct Doubles {
  explicit Doubles(size_t n) : data(static_cast<double*>(std::calloc(n, sizeof(double)))) {
    if (!data) throw std::bad_alloc();
  }
  Doubles(const Doubles&) = delete;
  ~Doubles() { std::free(data); }
  operator double*() { return data; }
  double* data;
};

}  // namespace mbconv
