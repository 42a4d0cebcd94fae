import { tf } from "../engine";
import type { Predictor } from "../search";
import { type EnsembleNetwork, type EnsembleOptions, EnsemblePredictor, uniformWeights } from "./ensemble";
import type { Tokens } from "./tokens";

const MLP: EnsembleNetwork = {
  weights({ members, hidden, vocabulary }, rng) {
    return new Map<string, tf.Tensor>([
      ["embedding", uniformWeights([members, vocabulary, hidden], vocabulary, rng)],
      ["bias1", tf.zeros([members, 1, hidden])],
      ["hidden", uniformWeights([members, hidden, hidden], hidden, rng)],
      ["bias2", tf.zeros([members, 1, hidden])],
      ["output", uniformWeights([members, hidden, 1], hidden, rng)],
      ["bias3", tf.zeros([members, 1, 1])],
    ]);
  },
  forward(weights, encoded, vocabulary) {
    const of = (name: string) => weights.get(name) as tf.Tensor3D;
    const [members] = of("embedding").shape;
    const counts = new Float32Array(encoded.length * vocabulary);
    for (const [i, { tokens, parts }] of encoded.entries()) {
      for (const token of tokens) counts[i * vocabulary + token] += 1 / parts;
    }
    const input = tf.tile(tf.tensor3d(counts, [1, encoded.length, vocabulary]), [members, 1, 1]);
    const first = tf.relu(tf.add(tf.matMul(input, of("embedding")), of("bias1")));
    const second = tf.relu(tf.add(tf.matMul(first as tf.Tensor3D, of("hidden")), of("bias2")));
    return tf.add(tf.matMul(second as tf.Tensor3D, of("output")), of("bias3")) as tf.Tensor3D;
  },
};

/**
 * An ensemble of multi-layer perceptrons: the embeddings of an architecture's tokens, summed and averaged over its parts as
 * PNAS averages over blocks (section 4.2); two hidden layers, one output.
 * @throws ConfigError when an option is not known or out of range.
 */
export function mlpPredictor<A>(tokens: Tokens<A>, options: EnsembleOptions): Predictor<A> {
  return new EnsemblePredictor("mlpPredictor", tokens, MLP, options);
}
