import { z } from "zod";
import { Progress } from "../core";
import { engine } from "../engine";
import type { SearchSpace } from "../space";
import { BLOB, type Task } from "../tasks";
import type { SharedFeatures } from "../teacher";
import { buildCell } from "./block-supernet";
import type { CellCheckpoints, CellState } from "./cell-checkpoint";
import { distillCell } from "./distill-cell";
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
  /** The last complete epoch, a {@link CellState}, if any. */
  state: BLOB.optional(),
});

/** The distillation of one cell as plain data: any thread does it and gets the same bytes. */
export type CellInput = z.infer<typeof cellInput>;

/** What comes of a cell's distillation; the last state is the outcome. */
export type CellNote =
  | { readonly kind: "batch"; readonly metrics: Record<string, number> }
  | { readonly kind: "epoch"; readonly state: CellState };

/** Distils a cell, on a thread with one thread of the native engine. */
export const cellTask: Task<CellInput, void, CellNote> = {
  name: "distill",
  unit: "cells",
  // Batches.
  worthThreads: 400,
  module: __filename,
  input: cellInput,
  async run({ space, block, cell: index, options, features, place, state }, { signal, blobs, progress: tell }) {
    engine.useForTask();
    const before = state && blobs.get<CellState>(state);
    const checkpoints: CellCheckpoints = {
      place: () => place,
      read: () => before,
      write: (_block, _cell, written) => tell({ kind: "epoch", state: written }),
    };
    const onProgress = ({ metrics }: { metrics: Readonly<Record<string, number>> }) => tell({ kind: "batch", metrics });
    const cell = buildCell(space, block, index, before ? undefined : options.seed, options.initialWeights);
    try {
      const progress = new Progress({ signal, onProgress }, "distill", Number.POSITIVE_INFINITY, "batches");
      await distillCell(cell, sharedSource(blobs.get<SharedFeatures>(features)), options, checkpoints, progress);
    } finally {
      cell.dispose();
    }
  },
};
