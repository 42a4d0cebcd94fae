import { existsSync } from "node:fs";
import { z } from "zod";
import { CheckpointError, readOrSetAside, type StepContext } from "../core";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../nn";

/** How far a training is in an epoch that is not complete. */
export interface WithinEpoch {
  readonly steps: number;
  /** Of those steps. */
  readonly lossSum: number;
  readonly durationMs: number;
  /** What the epoch's work has summed up. */
  readonly sums: Readonly<Record<string, number>>;
}

/** A training after some step: all that is needed to go on as if it had never stopped. */
export interface KeptState<Epoch> {
  /** Names all that decides the outcome. */
  readonly fingerprint: string;
  /** The engine that began it, see `roundingClass`; undefined in files that do not say. */
  readonly engine?: string;
  /** Of complete epochs. */
  readonly history: readonly Epoch[];
  /** Set where an epoch was begun after those. */
  readonly within?: WithinEpoch;
  /** Tensors of modules and optimizers, each under its name and a dot. */
  readonly tensors: Map<string, StoredTensor>;
}

/** What states of a kind are called, and what their files hold. */
export interface StateKind<Epoch> {
  readonly format: string;
  /** Begins messages. */
  readonly where: string;
  /** E.g. "a cell's state". */
  readonly is: string;
  /** What it must belong to, e.g. "this training". */
  readonly of: string;
  /** What may differ, and what then helps. */
  readonly differs: string;
  /** What is done when a file is damaged. */
  readonly redo: string;
  readonly epoch: z.ZodType<Epoch>;
}

/** Where the state of one training is kept. */
export interface StateStore<Epoch> {
  /** For messages: a path, where it is a file. */
  readonly place: string;
  readonly kind: StateKind<Epoch>;
  read(): KeptState<Epoch> | undefined;
  /** Replaces the state, whole or not at all. */
  write(state: KeptState<Epoch>): void;
}

/**
 * A state in a file, which survives the process. A damaged file counts as none: it is renamed `<file>.damaged`, with a warning.
 * Reading throws a CheckpointError for a file of another kind.
 */
export function stateFile<Epoch>(path: string, kind: StateKind<Epoch>, context: StepContext = {}): StateStore<Epoch> {
  return {
    place: path,
    kind,
    read() {
      if (!existsSync(path)) return undefined;
      const kept = readOrSetAside(path, () => readSafetensors(path), kind.redo, context);
      if (!kept) return undefined;
      const parsed = metadataSchema(kind).safeParse(kept.metadata);
      if (!parsed.success) {
        throw new CheckpointError(
          `${kind.where}: ${path} must be ${kind.is} (${kind.format}), got ${kept.metadata.format ?? "another kind of file"}: ${z.prettifyError(parsed.error)}; delete it and run the same command again`,
          { path },
        );
      }
      const { fingerprint, engine, history, within } = parsed.data;
      return { fingerprint, engine, history: history as Epoch[], ...(within && { within }), tensors: kept.tensors };
    },
    write({ fingerprint, engine, history, within, tensors }) {
      writeSafetensors(path, tensors, {
        format: within ? withinFormat(kind) : kind.format,
        fingerprint,
        ...(engine !== undefined && { engine }),
        history: JSON.stringify(history),
        ...(within && { within: JSON.stringify(within) }),
      });
    },
  };
}

/** Another format, so that what knows of complete epochs alone does not take its weights for those of one. */
function withinFormat({ format }: { readonly format: string }): string {
  return `${format}-within-epoch`;
}

const withinSchema: z.ZodType<WithinEpoch> = z.object({
  steps: z.int().min(1),
  lossSum: z.number(),
  durationMs: z.number(),
  sums: z.record(z.string(), z.number()),
});

function metadataSchema<Epoch>(kind: StateKind<Epoch>) {
  const common = {
    fingerprint: z.string(),
    engine: z.string().optional(),
    history: jsonText.pipe(z.array(kind.epoch)),
  };
  return z.discriminatedUnion("format", [
    z.object({ ...common, format: z.literal(kind.format), within: z.undefined().optional() }),
    z.object({ ...common, format: z.literal(withinFormat(kind)), within: jsonText.pipe(withinSchema) }),
  ]);
}

const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
    return z.NEVER;
  }
});

/** @throws CheckpointError when a kept state is of another training. */
export function checkBelongs<Epoch>(
  state: KeptState<Epoch>,
  fingerprint: string,
  { place, kind }: Pick<StateStore<Epoch>, "place" | "kind">,
): void {
  if (state.fingerprint === fingerprint) return;
  throw new CheckpointError(
    `${kind.where}: the state in ${place} must belong to ${kind.of} (${fingerprint}), got ${state.fingerprint}: ${kind.differs}`,
    { place, expected: fingerprint, got: state.fingerprint },
  );
}

/** The tensors under a name, without it. */
export function tensorsUnder(name: string, tensors: ReadonlyMap<string, StoredTensor>): Map<string, StoredTensor> {
  const own = [...tensors].filter(([key]) => key.startsWith(`${name}.`));
  return new Map(own.map(([key, tensor]) => [key.slice(name.length + 1), tensor]));
}

/** Names a state where hashing its weights would take long: of one training there is one after so many steps. */
export function trainingStateName({ fingerprint, history, within }: Omit<KeptState<unknown>, "tensors">) {
  return { fingerprint, epochs: history.length, ...(within && { steps: within.steps }) };
}
