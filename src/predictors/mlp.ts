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
  forward(weights, sequences, vocabulary) {
    const of = (name: string) => weights.get(name) as tf.Tensor3D;
    const [members] = of("embedding").shape;
    const counts = new Float32Array(sequences.length * vocabulary);
    for (const [i, tokens] of sequences.entries()) for (const token of tokens) counts[i * vocabulary + token]++;
    const input = tf.tile(tf.tensor3d(counts, [1, sequences.length, vocabulary]), [members, 1, 1]);
    const first = tf.relu(tf.add(tf.matMul(input, of("embedding")), of("bias1")));
    const second = tf.relu(tf.add(tf.matMul(first as tf.Tensor3D, of("hidden")), of("bias2")));
    return tf.add(tf.matMul(second as tf.Tensor3D, of("output")), of("bias3")) as tf.Tensor3D;
  },
};

/**
 * An ensemble of multi-layer perceptrons: the sum of the embeddings of an architecture's tokens, two hidden layers, one
 * output (after PNAS, section 4.2, which averages over blocks).
 * @throws ConfigError when an option is not known or out of range.
 */
export function mlpPredictor<A>(tokens: Tokens<A>, options: EnsembleOptions): Predictor<A> {
  return new EnsemblePredictor("mlpPredictor", tokens, MLP, options);
}
