import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { CheckpointError } from "../../../core";
import {
  loadState,
  type Module,
  type Optimizer,
  readSafetensors,
  type StoredTensor,
  saveState,
  writeSafetensors,
} from "../../../nn";

/** How far a training is. */
export interface SposProgress {
  /** Epochs that are complete. */
  readonly epoch: number;
  readonly trainMs: number;
}

/** The state of a global supernet's training after its last complete epoch, in one file. */
export interface SposCheckpoint {
  /** Takes up what is there; a training from the start where nothing is. @throws CheckpointError when it is of another setting. */
  restore(supernet: Module, optimizer: Optimizer): SposProgress;
  save(supernet: Module, optimizer: Optimizer, progress: SposProgress): void;
  remove(): void;
}

const FORMAT = "blockwise-spos-1";

/** @param setting All that decides how the training ends, plain JSON. */
export function sposCheckpoint(path: string, setting: unknown): SposCheckpoint {
  const fingerprint = createHash("sha256").update(JSON.stringify(setting)).digest("hex").slice(0, 16);
  return {
    restore(supernet, optimizer) {
      if (!existsSync(path)) return { epoch: 0, trainMs: 0 };
      const { tensors, metadata } = readSafetensors(path);
      if (metadata.format !== FORMAT || metadata.fingerprint !== fingerprint) {
        throw new CheckpointError(
          `SPOS: ${path} must be the state of this training (${fingerprint}), got ${metadata.fingerprint ?? "another kind of file"}; delete it to start anew`,
          { path },
        );
      }
      loadState(supernet, part(tensors, "supernet."));
      optimizer.restore(part(tensors, "optimizer."));
      return { epoch: Number(metadata.epoch), trainMs: Number(metadata.trainMs) };
    },
    save(supernet, optimizer, { epoch, trainMs }) {
      const tensors = new Map([
        ...[...saveState(supernet)].map(([name, tensor]) => [`supernet.${name}`, tensor] as const),
        ...[...optimizer.state()].map(([name, tensor]) => [`optimizer.${name}`, tensor] as const),
      ]);
      mkdirSync(dirname(path), { recursive: true });
      writeSafetensors(path, tensors, { format: FORMAT, fingerprint, epoch: String(epoch), trainMs: String(trainMs) });
    },
    remove: () => rmSync(path, { force: true }),
  };
}

function part(tensors: Map<string, StoredTensor>, prefix: string): Map<string, StoredTensor> {
  const own = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
