import { existsSync } from "node:fs";
import { z } from "zod";
import { CheckpointError, DataError } from "../core";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../nn";
import type { SearchSpace } from "../space";
import { type CellCheckpoints, type CellState, epochSchema } from "./cell-checkpoint";

const FORMAT = "blockwise-supernet-1";

/** The optimizer's state: only for going on, which a supernet that is complete does not. */
const OPTIMIZER = "optimizer.";

const recordSchema = z.object({
  /** Of the distillation; the lab's, who reads the file. */
  options: z.looseObject({ seed: z.int() }),
  /** `[block][cell]` */
  cells: z.array(
    z.array(z.object({ fingerprint: z.string(), engine: z.string().optional(), history: z.array(epochSchema).min(1) })),
  ),
});

/** A distilled supernet from its file. */
export interface SupernetFile {
  /** Of the distillation, as they were given to {@link writeSupernet}. */
  readonly options: Readonly<Record<string, unknown>> & { readonly seed: number };
  /** Cells of each block. */
  readonly cells: readonly number[];
  /** The states of all cells; complete, without what an optimizer needs to go on. */
  readonly checkpoints: CellCheckpoints;
}

/**
 * Writes the trained cells of all blocks into one safetensors file, with their losses and what each was trained on, by name.
 * `half`: kernels in half precision: half the size; batch norms and biases stay as they are.
 * @param options Of the distillation, plain data.
 * @throws CheckpointError when a cell has no state, or the file cannot be written.
 */
export function writeSupernet(
  path: string,
  space: SearchSpace,
  checkpoints: CellCheckpoints,
  { options, half }: { readonly options: Readonly<Record<string, unknown>>; readonly half: boolean },
): void {
  const tensors = new Map<string, StoredTensor>();
  const cells = space.blocks.map((of, block) =>
    of.cells.map((_, cell) => {
      const state = checkpoints.read(block, cell);
      if (!state || state.within) throw absent(checkpoints.place(block, cell));
      for (const [name, tensor] of state.tensors) {
        if (!name.startsWith(OPTIMIZER)) tensors.set(`block${block}.cell${cell}/${name}`, tensor);
      }
      const { fingerprint, engine, history } = state;
      return { fingerprint, ...(engine !== undefined && { engine }), history };
    }),
  );
  const isKernel = (_: string, { shape }: StoredTensor) => half && shape.length > 1;
  // In the schema's order of keys: what was read is written as the same bytes.
  const record = JSON.stringify(recordSchema.parse({ options, cells }));
  writeSafetensors(path, tensors, { format: FORMAT, supernet: record }, { half: isKernel });
}

/**
 * Reads what {@link writeSupernet} wrote. Whether it belongs to a teacher, images and a space shows when its cells are loaded
 * by {@link distillBlock} with these checkpoints.
 * @throws DataError when there is no such file, CheckpointError when it is damaged or something else.
 */
export function readSupernet(path: string): SupernetFile {
  if (!existsSync(path)) {
    throw new DataError(
      `supernet.load: ${path} must be a supernet's file, and does not exist; make one with await supernet.distill(...) and supernet.save("${path}")`,
      { path },
    );
  }
  const { tensors, metadata } = readSafetensors(path);
  const record = metadata.format === FORMAT ? recordSchema.safeParse(parsed(metadata.supernet)) : undefined;
  if (!record?.success) {
    const got = record ? z.prettifyError(record.error) : `format ${metadata.format ?? "none"}`;
    throw new CheckpointError(
      `supernet.load: ${path} must be a supernet's file (${FORMAT}), got ${got}; make one with supernet.save`,
      { path },
    );
  }
  const { options, cells } = record.data;
  const place = (block: number, cell: number) => `${path} (block ${block}, cell ${cell})`;
  return {
    options,
    cells: cells.map(({ length }) => length),
    checkpoints: {
      place,
      read(block, cell): CellState | undefined {
        const kept = cells[block]?.[cell];
        const prefix = `block${block}.cell${cell}/`;
        const own = [...tensors].filter(([name]) => name.startsWith(prefix));
        return kept && { ...kept, tensors: new Map(own.map(([name, tensor]) => [name.slice(prefix.length), tensor])) };
      },
      // Nothing is trained from such states.
      write: (block, cell) => {
        throw absent(place(block, cell));
      },
    },
  };
}

function absent(place: string): CheckpointError {
  return new CheckpointError(
    `supernet: ${place} must be the state of a cell that is trained to the end, and is not; call await supernet.distill() first`,
    { place },
  );
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return undefined;
  }
}
