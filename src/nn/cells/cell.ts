import type { Rng } from "../../core";
import { tf } from "../../engine";
import type { PlacedCell } from "../../space";
import type { Sequential } from "../build-layer";
import { type ForwardContext, ParameterContainer } from "../module";
import { buildPrimitives, sumOf } from "./primitives";

/** What an operation's output is multiplied by; where it is 0 the operation is not computed, where it is 1 it counts as it is. */
export type EdgeWeight = tf.Scalar | 0 | 1;

/** A cell: a graph of operations on the outputs of the two cells before it. */
export class CellModule extends ParameterContainer {
  private readonly inputs: readonly Sequential[];
  private readonly nodes: readonly (readonly { readonly from: number; readonly op: Sequential }[])[];

  constructor(
    private readonly placed: PlacedCell,
    batchNormEpsilon: number,
    rng: Rng,
  ) {
    super();
    this.inputs = placed.inputs.map(({ primitives, input }, i) =>
      this.child(`input${i}`, buildPrimitives(primitives, { input, batchNormEpsilon, rng: rng.fork(`input${i}`) })),
    );
    this.nodes = placed.nodes.map((edges, i) =>
      edges.map(({ from, primitives, input }, j) => {
        const name = `node${placed.inputs.length + i}.${j}`;
        return {
          from,
          op: this.child(name, buildPrimitives(primitives, { input, batchNormEpsilon, rng: rng.fork(name) })),
        };
      }),
    );
  }

  /** Name of its kind in the architecture. */
  get cell(): string {
    return this.placed.cell;
  }

  /**
   * The cell's output `[batch, height, width, nodes x width]`.
   * @param before Output of the cell before the last, `[batch, height, width, channels]`; a cell of one input does not read it.
   * @param last Output of the last cell.
   * @param weights Of each operation of each node; all count alike when left out.
   */
  forward(
    before: tf.Tensor4D,
    last: tf.Tensor4D,
    context: ForwardContext,
    weights?: readonly (readonly EdgeWeight[])[],
  ): tf.Tensor4D {
    return tf.tidy(() => {
      const given = this.inputs.length === 1 ? [last] : [before, last];
      const states = this.inputs.map((input, i) => input.forward(given[i], context));
      for (const [node, edges] of this.nodes.entries()) {
        const maps = edges.flatMap(({ from, op }, i) => {
          const weight = weights?.[node][i] ?? 1;
          if (weight === 0) return [];
          const map = op.forward(states[from], context);
          return [weight === 1 ? map : (tf.mul(map, weight) as tf.Tensor4D)];
        });
        states.push(sumOf(maps));
      }
      const joined = this.placed.joined.map((state) => states[state]);
      return joined.length === 1 ? joined[0].clone() : tf.concat(joined, 3);
    });
  }
}
