import { join } from "node:path";
import { z } from "zod";
import { fingerprint, makeFolder } from "../core";
import type { SearchSpace } from "../space";
import { type KeptState, type StateKind, type StateStore, stateFile } from "../train";
import { blockEpochs, DISTILL_DEFAULTS, type DistillOptions } from "./distill-options";
import type { FeatureSource } from "./feature-source";

/** What one epoch of a cell's distillation did. */
export interface DistillEpoch {
  readonly block: number;
  readonly cell: number;
  /** From 1. */
  readonly epoch: number;
  /** Mean squared error to the teacher's features (with a label loss: mixed with it), over all sampled paths of the epoch. */
  readonly loss: number;
  /** At the epoch's last step. */
  readonly learningRate: number;
  readonly durationMs: number;
}

/**
 * A cell's distillation after an epoch, or within one: weights under `cell.`, a label loss's linear layer under `labels.`, the
 * optimizer's state under `optimizer.`.
 */
export type CellState = KeptState<DistillEpoch>;

/** Where states are kept. */
export interface CellCheckpoints {
  /** Where a state lies, for messages. */
  place(block: number, cell: number): string;
  read(block: number, cell: number): CellState | undefined;
  /** Replaces the cell's state, whole or not at all. */
  write(block: number, cell: number, state: CellState): void;
}

/**
 * The checkpoints without states of more epochs than the options ask for: under an exponential schedule a longer
 * distillation has the name of a shorter one, which nobody can be taken back to.
 */
export function withoutLonger(checkpoints: CellCheckpoints, options: DistillOptions): CellCheckpoints {
  return {
    place: (block, cell) => checkpoints.place(block, cell),
    read(block, cell) {
      const state = checkpoints.read(block, cell);
      return state && !isLonger(state, options, block) ? state : undefined;
    },
    write: (block, cell, state) => checkpoints.write(block, cell, state),
  };
}

/** Whether a state has gone beyond what the options ask for. */
export function isLonger({ history, within }: CellState, options: DistillOptions, block: number): boolean {
  return history.length + (within ? 1 : 0) > blockEpochs(options, block);
}

/** A {@link DistillEpoch} as files hold it. */
export const epochSchema = z.object({
  block: z.number(),
  cell: z.number(),
  epoch: z.number(),
  loss: z.number(),
  learningRate: z.number(),
  durationMs: z.number(),
});

/** States of cells' distillations. */
const CELL_STATE: StateKind<DistillEpoch> = {
  format: "blockwise-cell-1",
  where: "distill",
  is: "a cell's state",
  of: "this distillation",
  differs: "teacher, images, space or options differ; delete it or keep checkpoints elsewhere",
  redo: "the cell is distilled anew",
  epoch: epochSchema,
};

export interface FileCheckpointOptions {
  /** Keeps the state after every epoch as well, in folders `epoch1`, `epoch2`, ..., each read as a directory of its own. */
  readonly everyEpoch?: boolean;
  /** Told when a state is damaged: it is put aside, and the cell is distilled anew. Node's warnings when left out. */
  readonly onWarning?: (message: string) => void;
  /** What the warning says is done instead. */
  readonly redo?: string;
}

/** Folder of the states after an epoch (from 1), see {@link FileCheckpointOptions}. */
export function epochFolder(directory: string, epoch: number): string {
  return join(directory, `epoch${epoch}`);
}

/**
 * One file a cell, `block0-cell1.safetensors`; survives the process. A damaged file counts as none: it is renamed
 * `<file>.damaged`, with a warning.
 */
export function fileCheckpoints(
  directory: string,
  { everyEpoch = false, onWarning, redo = CELL_STATE.redo }: FileCheckpointOptions = {},
): CellCheckpoints {
  const name = (block: number, cell: number) => `block${block}-cell${cell}.safetensors`;
  const file = (block: number, cell: number, folder = directory) =>
    stateFile(join(folder, name(block, cell)), { ...CELL_STATE, redo }, { onWarning });
  return {
    place: (block, cell) => file(block, cell).place,
    read: (block, cell) => file(block, cell).read(),
    write(block, cell, state) {
      if (everyEpoch && !state.within) {
        const folder = epochFolder(directory, state.history.length);
        makeFolder(folder);
        file(block, cell, folder).write(state);
      }
      file(block, cell).write(state);
    },
  };
}

/** Where one cell's state is kept, for the training loop. */
export function cellStates(checkpoints: CellCheckpoints, block: number, cell: number): StateStore<DistillEpoch> {
  return {
    place: checkpoints.place(block, cell),
    kind: CELL_STATE,
    read: () => checkpoints.read(block, cell),
    write: (state) => checkpoints.write(block, cell, state),
  };
}

/** Keeps states in memory: an interrupted distillation can go on, a killed process starts anew. */
export function memoryCheckpoints(): CellCheckpoints {
  const states = new Map<string, CellState>();
  const place = (block: number, cell: number) => `memory (block ${block}, cell ${cell})`;
  return {
    place,
    read: (block, cell) => states.get(place(block, cell)),
    write: (block, cell, state) => void states.set(place(block, cell), state),
  };
}

/** Names all that decides how a cell's distillation ends. */
export function distillFingerprint(
  space: SearchSpace,
  block: number,
  cell: number,
  features: FeatureSource,
  options: DistillOptions,
): string {
  const { stem, blocks, padding, batchNormEpsilon } = space;
  const { epochs: _, initialWeights, targetScale, ...older } = options;
  // Options that came later count where they are used, so that states of before keep their names.
  const rest = {
    ...older,
    ...(initialWeights !== DISTILL_DEFAULTS.initialWeights && { initialWeights }),
    ...(targetScale !== DISTILL_DEFAULTS.targetScale && { targetScale }),
  };
  const { cells, ...shapes } = blocks[block];
  const student = {
    block,
    cell: [cell, cells[cell]],
    shapes,
    stem: block === 0 ? stem : [],
    padding,
    batchNormEpsilon,
  };
  // Labels and classes count only where the loss has them.
  const all = Uint32Array.from({ length: features.count }, (_, i) => i);
  const labels = options.labelLoss > 0 && features.labels ? [space.classes, Int32Array.from(features.labels(all))] : [];
  // Under an exponential schedule more epochs continue the same training; under a cosine the whole curve changes.
  const training = options.schedule === "cosine" ? { ...rest, epochs: blockEpochs(options, block) } : rest;
  const { fingerprint: source, count, guide } = features;
  return fingerprint({ student, training, labels, features: { source, count, guide } });
}
