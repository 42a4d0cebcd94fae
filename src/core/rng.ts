import { createHash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { ConfigError } from "./errors";
import { shown } from "./options";

/**
 * A seeded random stream that splits by name.
 *
 * `fork(name)` depends on the seed and the names only, never on how much of the parent was used:
 * a step that is resumed, or done by another worker, draws what it would have drawn anyway.
 */
export class Rng {
  private readonly generator: RandomGenerator;

  /** @throws ConfigError when the seed is no whole number: such seeds would all be one. */
  constructor(
    readonly seed: number,
    private readonly path = "",
  ) {
    if (!Number.isSafeInteger(seed)) throw new ConfigError(`Rng: seed must be a whole number, got ${shown(seed)}`);
    const digest = createHash("sha256").update(`${seed}/${path}`).digest();
    this.generator = xoroshiro128plus(digest.readInt32LE(0));
  }

  /** An independent stream for `name`, e.g. `rng.fork("block3/epoch2")`. */
  fork(name: string): Rng {
    return new Rng(this.seed, `${this.path}/${name}`);
  }

  /** A number in [0, 1). */
  uniform(): number {
    return uniformFloat64(this.generator);
  }

  /** A whole number in [0, n). */
  int(n: number): number {
    return uniformInt(this.generator, 0, n - 1);
  }

  /** A standard normal number (Box-Muller). */
  normal(): number {
    const u = 1 - this.uniform();
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A standard normal number, drawn again while |x| > 2. */
  truncatedNormal(): number {
    let x = this.normal();
    while (Math.abs(x) > 2) x = this.normal();
    return x;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)];
  }

  /** The numbers 0..n-1 in random order (Fisher-Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    return order;
  }
}

/** A stream of zeros: builds quickly what a state is loaded into at once. */
export class ZeroRng extends Rng {
  constructor() {
    super(0);
  }

  override fork(): Rng {
    return this;
  }

  override uniform(): number {
    return 0;
  }

  override int(): number {
    return 0;
  }

  override normal(): number {
    return 0;
  }
}
