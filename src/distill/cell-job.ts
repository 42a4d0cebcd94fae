import { type JobWork, Progress } from "../core";
import { engine } from "../engine";
import type { SearchSpace } from "../space";
import type { SharedFeatures } from "../teacher";
import { buildCell } from "./block-supernet";
import type { CellCheckpoints, CellState } from "./cell-checkpoint";
import { distillCell } from "./distill-cell";
import type { DistillOptions } from "./distill-options";
import { sharedSource } from "./shared-features";

/** The distillation of one cell as plain data: any thread does it and gets the same bytes. */
export interface CellJob {
  readonly space: SearchSpace;
  readonly block: number;
  readonly cell: number;
  readonly options: DistillOptions;
  readonly features: SharedFeatures;
  /** Where the cell's state is kept, for messages. */
  readonly place: string;
  /** The last complete epoch, if any. */
  readonly state?: CellState;
}

/** What comes of a cell's distillation. */
export type CellMessage =
  | { readonly kind: "batch"; readonly metrics: Record<string, number> }
  | { readonly kind: "epoch"; readonly state: CellState };

/** Distils a cell in a job thread, with one thread of the native engine. */
export const work: JobWork<CellJob, CellMessage> = async (job, tell, signal) => {
  engine.use("native", { threads: 1 });
  const { space, block, options, features, place, state } = job;
  const checkpoints: CellCheckpoints = {
    place: () => place,
    read: () => state,
    write: (_block, _cell, written) => tell({ kind: "epoch", state: written }),
  };
  const onProgress = ({ metrics }: { metrics: Readonly<Record<string, number>> }) => tell({ kind: "batch", metrics });
  const cell = buildCell(space, block, job.cell, state ? undefined : options.seed, options.initialWeights);
  try {
    const progress = new Progress({ signal, onProgress }, "distill", Number.POSITIVE_INFINITY, "batches");
    await distillCell(cell, sharedSource(features), options, checkpoints, progress);
  } finally {
    cell.dispose();
  }
};
