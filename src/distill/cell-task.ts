import { z } from "zod";
import { Progress, type ProgressEvent } from "../core";
import { engine } from "../engine";
import type { SearchSpace } from "../space";
import { BLOB, type Task } from "../tasks";
import type { SharedFeatures } from "../teacher";
import { trainingStateName } from "../train";
import { buildCell } from "./block-supernet";
import type { CellCheckpoints, CellState } from "./cell-checkpoint";
import { batchesPerEpoch, distillCell } from "./distill-cell";
import type { DistillOptions } from "./distill-options";
import { sharedSource } from "./shared-features";

const cellInput = z.object({
  space: z.custom<SearchSpace>((given) => Array.isArray((given as SearchSpace | null)?.blocks), "a search space"),
  block: z.int().min(0),
  cell: z.int().min(0),
  options: z.custom<DistillOptions>(
    (given) => typeof given === "object" && given !== null,
    "options of a distillation",
  ),
  /** {@link SharedFeatures} of the block's two ends. */
  features: BLOB,
  /** Where the cell's state is kept, for messages. */
  place: z.string(),
  /** As far as it is, a {@link CellState}, if it was begun. */
  state: BLOB.optional(),
});

/** The distillation of one cell as plain data: any thread does it and gets the same bytes. */
export type CellInput = z.infer<typeof cellInput>;

/** What comes of a cell's distillation; the last state is the outcome. */
export type CellNote =
  /** `batches`: of the cell's whole distillation so far. */
  | { readonly kind: "batch"; readonly batches: number; readonly metrics: Record<string, number> }
  | { readonly kind: "state"; readonly state: CellState };

/** Distils a cell, on a thread with one thread of the native engine. */
export const cellTask: Task<CellInput, void, CellNote> = {
  name: "distill",
  unit: "cells",
  // Batches.
  worthThreads: 400,
  module: __filename,
  input: cellInput,
  resume: (input, note, blobs) =>
    note.kind === "state" ? { ...input, state: blobs.put(note.state, trainingStateName(note.state)) } : undefined,
  async run({ space, block, cell: index, options, features, place, state }, { signal, blobs, progress: tell }) {
    engine.useForTask();
    const before = state && blobs.get<CellState>(state);
    const checkpoints: CellCheckpoints = {
      place: () => place,
      read: () => before,
      write: (_block, _cell, written) => tell({ kind: "state", state: written }),
    };
    const maps = blobs.get<SharedFeatures>(features);
    const earlier = (before?.history.length ?? 0) * batchesPerEpoch(maps.count, options) + (before?.within?.steps ?? 0);
    const onProgress = ({ done, metrics }: Pick<ProgressEvent, "done" | "metrics">) =>
      tell({ kind: "batch", batches: earlier + done, metrics });
    const cell = buildCell(space, block, index, before ? undefined : options.seed, options.initialWeights);
    try {
      const progress = new Progress({ signal, onProgress }, "distill", Number.POSITIVE_INFINITY, "batches");
      await distillCell(cell, sharedSource(maps), options, checkpoints, progress);
    } finally {
      cell.dispose();
    }
  },
};
