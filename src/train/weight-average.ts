import { tf } from "../engine";
import { copyOf, ParameterContainer } from "../nn";

/** An exponential moving average of all parameters and running statistics of a network. */
export class WeightAverage extends ParameterContainer {
  private readonly followed: readonly { readonly of: tf.Variable; readonly mean: tf.Variable }[];

  constructor(
    network: ParameterContainer,
    private readonly decay: number,
  ) {
    super();
    this.followed = [...network.parameters(), ...network.buffers()].map(([name, of]) => {
      // A copy: the optimizer moves parameters in place.
      return { of, mean: this.buffer(name, tf.tensor(copyOf(of), of.shape)) };
    });
  }

  /** Takes a step of the training in: the `step`-th, from 0. The first ones count more, for the weights are drawn ones then. */
  follow(step: number): void {
    const decay = Math.min(this.decay, (1 + step) / (10 + step));
    for (const { of, mean } of this.followed) {
      tf.tidy(() => mean.assign(tf.add(tf.mul(mean, decay), tf.mul(of, 1 - decay))));
    }
  }

  /** Does something with the means in the network in place of its weights. */
  async inPlace<T>(work: () => Promise<T>): Promise<T> {
    const own = this.followed.map(({ of }) => of.clone());
    this.apply();
    try {
      return await work();
    } finally {
      this.followed.forEach(({ of }, i) => {
        of.assign(own[i]);
      });
      tf.dispose(own);
    }
  }

  /** The network's weights are the means from now on. */
  apply(): void {
    for (const { of, mean } of this.followed) of.assign(mean);
  }
}
