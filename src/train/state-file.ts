import { existsSync } from "node:fs";
import { z } from "zod";
import { CheckpointError, readOrSetAside, type StepContext } from "../core";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../nn";

/** A training after a complete epoch: all that is needed to go on as if it had never stopped. */
export interface KeptState<Epoch> {
  /** Names all that decides the outcome. */
  readonly fingerprint: string;
  /** The engine that began it, see `roundingClass`; undefined in files that do not say. */
  readonly engine?: string;
  readonly history: readonly Epoch[];
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

/** Where the state of one training is kept between epochs. */
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
      const { fingerprint, engine, history } = parsed.data;
      return { fingerprint, engine, history: history as Epoch[], tensors: kept.tensors };
    },
    write({ fingerprint, engine, history, tensors }) {
      writeSafetensors(path, tensors, {
        format: kind.format,
        fingerprint,
        ...(engine !== undefined && { engine }),
        history: JSON.stringify(history),
      });
    },
  };
}

function metadataSchema<Epoch>({ format, epoch }: StateKind<Epoch>) {
  return z.object({
    format: z.literal(format),
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
      .pipe(z.array(epoch)),
  });
}

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
