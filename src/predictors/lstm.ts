import { tf } from "../engine";
import type { Predictor } from "../search";
import { type EnsembleNetwork, type EnsembleOptions, EnsemblePredictor, uniformWeights } from "./ensemble";
import type { Tokens } from "./tokens";

const LSTM: EnsembleNetwork = {
  weights({ members, hidden, vocabulary }, rng) {
    return new Map<string, tf.Tensor>([
      // Of each token what it adds to the four gates: its embedding times their weights in one.
      ["token", uniformWeights([members, vocabulary, 4 * hidden], hidden, rng)],
      ["recurrent", uniformWeights([members, hidden, 4 * hidden], hidden, rng)],
      ["bias", tf.zeros([members, 1, 4 * hidden])],
      ["output", uniformWeights([members, hidden, 1], hidden, rng)],
      ["outputBias", tf.zeros([members, 1, 1])],
    ]);
  },
  forward(weights, encoded, vocabulary) {
    const sequences = encoded.map(({ tokens }) => tokens);
    const of = (name: string) => weights.get(name) as tf.Tensor3D;
    const [members, hidden] = of("recurrent").shape;
    const count = sequences.length;
    const longest = Math.max(...sequences.map(({ length }) => length));
    let state = tf.zeros([members, count, hidden]) as tf.Tensor3D;
    let memory = tf.zeros([members, count, hidden]) as tf.Tensor3D;
    for (let step = 0; step < longest; step++) {
      // Shorter sequences begin later, so that all end together.
      const places = sequences.map((tokens) => tokens[step - (longest - tokens.length)]);
      const oneHot = new Float32Array(count * vocabulary);
      for (const [i, token] of places.entries()) if (token !== undefined) oneHot[i * vocabulary + token] = 1;
      const input = tf.tile(tf.tensor3d(oneHot, [1, count, vocabulary]), [members, 1, 1]);
      const gates = tf.add(
        tf.add(tf.matMul(input, of("token")), tf.matMul(state, of("recurrent"))),
        of("bias"),
      ) as tf.Tensor3D;
      const [take, keep, show, value] = tf.split(gates, 4, 2);
      const next = tf.add(tf.mul(tf.sigmoid(keep), memory), tf.mul(tf.sigmoid(take), tf.tanh(value))) as tf.Tensor3D;
      const shown = tf.mul(tf.sigmoid(show), tf.tanh(next)) as tf.Tensor3D;
      if (places.includes(undefined as never)) {
        const begun = tf.tensor3d(
          places.map((token) => (token === undefined ? 0 : 1)),
          [1, count, 1],
        );
        [memory, state] = [tf.mul(next, begun) as tf.Tensor3D, tf.mul(shown, begun) as tf.Tensor3D];
      } else {
        [memory, state] = [next, shown];
      }
    }
    return tf.add(tf.matMul(state, of("output")), of("outputBias")) as tf.Tensor3D;
  },
};

/**
 * An ensemble of LSTMs that read an architecture's tokens in order; a linear layer on the last state (after PNAS, section
 * 4.2).
 * @throws ConfigError when an option is not known or out of range.
 */
export function lstmPredictor<A>(tokens: Tokens<A>, options: EnsembleOptions): Predictor<A> {
  return new EnsemblePredictor("lstmPredictor", tokens, LSTM, options);
}
