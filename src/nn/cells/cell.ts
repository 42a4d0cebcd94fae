import type { Rng } from "../../core";
import { tf } from "../../engine";
import type { PlacedCell } from "../../space";
import type { Sequential } from "../build-layer";
import { type ForwardContext, ParameterContainer } from "../module";
import { buildPrimitives, sumOf } from "./primitives";

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

  /**
   * The cell's output `[batch, height, width, nodes x width]`.
   * @param before Output of the cell before the last, `[batch, height, width, channels]`; a cell of one input does not read it.
   * @param last Output of the last cell.
   */
  forward(before: tf.Tensor4D, last: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const given = this.inputs.length === 1 ? [last] : [before, last];
      const states = this.inputs.map((input, i) => input.forward(given[i], context));
      for (const edges of this.nodes) {
        states.push(sumOf(edges.map(({ from, op }) => op.forward(states[from], context))));
      }
      const joined = this.placed.joined.map((state) => states[state]);
      return joined.length === 1 ? joined[0].clone() : tf.concat(joined, 3);
    });
  }
}
