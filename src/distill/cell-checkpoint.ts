import { existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { CheckpointError, fingerprint, readOrSetAside } from "../core";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../nn";
import type { SearchSpace } from "../space";
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

/** A cell's distillation after a complete epoch: all that is needed to go on as if it had never stopped. */
export interface CellState {
  /** Names everything that decides the outcome: block, cell, features, options. */
  readonly fingerprint: string;
  /** The engine that began it, see `roundingClass`; undefined in files that do not say. */
  readonly engine?: string;
  readonly history: readonly DistillEpoch[];
  /** Weights under `cell.`, a label loss's linear layer under `labels.`, the optimizer's state under `optimizer.`. */
  readonly tensors: Map<string, StoredTensor>;
}

/** Where states are kept between epochs. */
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
      return state && state.history.length <= blockEpochs(options, block) ? state : undefined;
    },
    write: (block, cell, state) => checkpoints.write(block, cell, state),
  };
}

const FORMAT = "blockwise-cell-1";

/** A {@link DistillEpoch} as files hold it. */
export const epochSchema = z.object({
  block: z.number(),
  cell: z.number(),
  epoch: z.number(),
  loss: z.number(),
  learningRate: z.number(),
  durationMs: z.number(),
});

const metadataSchema = z.object({
  format: z.literal(FORMAT),
  fingerprint: z.string(),
  engine: z.string().optional(),
  history: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch (error) {
        context.addIssue({ code: "custom", message: (error as Error).message });
        return z.NEVER;
      }
    })
    .pipe(z.array(epochSchema)),
});

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
  { everyEpoch = false, onWarning, redo = "the cell is distilled anew" }: FileCheckpointOptions = {},
): CellCheckpoints {
  const place = (block: number, cell: number) => join(directory, `block${block}-cell${cell}.safetensors`);
  return {
    place,
    read(block, cell) {
      const path = place(block, cell);
      if (!existsSync(path)) return undefined;
      const kept = readOrSetAside(path, () => readSafetensors(path), redo, { onWarning });
      if (!kept) return undefined;
      const parsed = metadataSchema.safeParse(kept.metadata);
      if (!parsed.success) {
        throw new CheckpointError(
          `distill: ${path} must be a cell's state (${FORMAT}), got ${kept.metadata.format ?? "another kind of file"}: ${z.prettifyError(parsed.error)}; delete it and run the same command again`,
          { path },
        );
      }
      const { fingerprint, engine, history } = parsed.data;
      return { fingerprint, engine, history, tensors: kept.tensors };
    },
    write(block, cell, { fingerprint, engine, history, tensors }) {
      const metadata = {
        format: FORMAT,
        fingerprint,
        ...(engine !== undefined && { engine }),
        history: JSON.stringify(history),
      };
      if (everyEpoch) {
        const folder = epochFolder(directory, history.length);
        mkdirSync(folder, { recursive: true });
        writeSafetensors(join(folder, basename(place(block, cell))), tensors, metadata);
      }
      writeSafetensors(place(block, cell), tensors, metadata);
    },
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

/** @throws CheckpointError when a kept state is of another distillation. */
export function checkBelongs(state: CellState, fingerprint: string, place: string): void {
  if (state.fingerprint === fingerprint) return;
  throw new CheckpointError(
    `distill: the state in ${place} must belong to this distillation (${fingerprint}), got ${state.fingerprint}: teacher, images, space or options differ; delete it or keep checkpoints elsewhere`,
    { place, expected: fingerprint, got: state.fingerprint },
  );
}
