import { SpaceError } from "../core";
import type { StoredTensor } from "../nn";
import { type Candidate, cellAt, type SearchSpace } from "../space";
import type { CellCheckpoints } from "./cell-checkpoint";

/**
 * What the supernets learnt for the layers of a found network, under the names of its `Network`: where a retraining may
 * start instead of from drawn weights (as DONNA does; DNA retrains from scratch).
 *
 * Only tensors of equal shape fit: in a supernet the next cell's first layer takes the teacher's channels where the found
 * network has the cell's width, and without an adapter a cell's last layer emits them. Those the retraining draws anew.
 * @param checkpoints States of the distillation, complete for every cell that is chosen.
 * @throws SpaceError when a chosen cell has no state, or one within an epoch.
 */
export function supernetWeights(
  space: SearchSpace,
  choice: readonly Candidate[],
  checkpoints: CellCheckpoints,
): Map<string, StoredTensor> {
  const weights = new Map<string, StoredTensor>();
  let first = space.stem.length;
  for (const { block, cell, path } of choice) {
    const state = checkpoints.read(block, cell);
    if (!state || state.within) {
      throw new SpaceError(
        `supernetWeights: cell ${cell} of block ${block} must be distilled, ${state ? "the state is of an epoch at work" : "no state is"} in ${checkpoints.place(block, cell)}`,
        { block, cell },
      );
    }
    for (const [name, tensor] of state.tensors) {
      const [, stem, layer, op, rest] = /^cell\.(?:stem\.(.+)|layer(\d+)\.op(\d+)\.(.+))$/.exec(name) ?? [];
      if (stem !== undefined) weights.set(`trunk.${stem}`, tensor);
      else if (rest !== undefined && path[Number(layer)] === Number(op)) {
        weights.set(`trunk.${first + Number(layer)}.${rest}`, tensor);
      }
    }
    first += cellAt(space, block, cell).depth;
  }
  return weights;
}
