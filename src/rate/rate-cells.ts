import { breathe, Progress, type StepContext } from "../core";
import { type CellTeacherMaps, type ImitatedBatch, imitationLoss, placesFrom } from "../distill";
import { tf } from "../engine";
import type { PathCellNetwork } from "../nn";
import { type CellGraph, nodeOrders } from "../space";

/** Images of a batch, whose statistics batch norms take. */
const BATCH = 250;

/**
 * Rates cells with the weights of a distilled supernet: how far each is from the teacher in each block, on images that the supernet
 * did not learn from. Batch norms take each batch's statistics, for those of training are of many paths. A cell's nodes may stand
 * in any order, as a network of its own may have its channels: the order that imitates best counts.
 * @returns By cell and block: mean squared error, in variances of the teacher's channels; NaN where it is not finite.
 * @throws SpaceError for a cell that the supernet does not have, InterruptedError when stopped.
 */
export async function rateCells(
  supernet: PathCellNetwork,
  teacher: CellTeacherMaps,
  cells: readonly CellGraph[],
  context: StepContext = {},
  task = "rate cells",
): Promise<number[][]> {
  const progress = new Progress(context, task, cells.length * teacher.blocks, "ratings");
  const losses: number[][] = cells.map(() => []);
  for (let block = 0; block < teacher.blocks; block++) {
    const batches: { readonly batch: ImitatedBatch; readonly share: number }[] = [];
    for (let from = 0; from < teacher.count; from += BATCH) {
      const count = Math.min(BATCH, teacher.count - from);
      batches.push({ batch: teacher.batch(block, placesFrom(from, count)), share: count / teacher.count });
    }
    try {
      for (const [i, cell] of cells.entries()) {
        const ofOrders = nodeOrders(cell).map((path) => {
          supernet.take(path);
          return batches.reduce((sum, { batch, share }) => {
            const loss = tf.tidy(() => imitationLoss(supernet, block, batch, { mode: "batch" }).dataSync()[0]);
            return sum + share * loss;
          }, 0);
        });
        const finite = ofOrders.filter(Number.isFinite);
        losses[i].push(finite.length > 0 ? Math.min(...finite) : Number.NaN);
        progress.advance(1);
        await breathe();
      }
    } finally {
      for (const { batch } of batches) tf.dispose([...batch.inputs, batch.target, batch.scale]);
    }
  }
  return losses;
}
