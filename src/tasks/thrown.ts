import {
  BlockwiseError,
  BudgetInfeasibleError,
  CheckpointError,
  ConfigError,
  DataError,
  EngineError,
  type ErrorCode,
  InterruptedError,
  ShapeError,
  SpaceError,
  StudyError,
  TrainingError,
} from "../core";

/** What a job threw, as plain data that another thread can be sent. */
export interface Thrown {
  /** The class's name, where an error was thrown. */
  readonly name?: string;
  readonly message: string;
  readonly stack?: string;
  /** One of ours. */
  readonly code?: ErrorCode;
  /** Details of one of ours; of others what they have beside name, message and stack, e.g. a system error's `errno`. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly cause?: Thrown;
}

/** A record: a new code without its class does not compile. */
const OURS: Record<ErrorCode, new (message: string, details?: Record<string, unknown>) => BlockwiseError> = {
  SHAPE: ShapeError,
  SPACE: SpaceError,
  BUDGET_INFEASIBLE: BudgetInfeasibleError,
  ENGINE: EngineError,
  CHECKPOINT: CheckpointError,
  DATA: DataError,
  TRAINING: TrainingError,
  INTERRUPTED: InterruptedError,
  CONFIG: ConfigError,
  STUDY: StudyError,
};

const STANDARD: Readonly<Record<string, new (message: string) => Error>> = {
  RangeError,
  TypeError,
  SyntaxError,
  ReferenceError,
  URIError,
  EvalError,
};

/** Causes that are sent: an error may be its own. */
const DEEPEST = 8;

export function packThrown(thrown: unknown, depth = 0): Thrown {
  if (!isError(thrown)) return { message: `not an error: ${describe(thrown)}`, details: {} };
  const { name, message, stack, cause } = thrown;
  const ours = isOurs(thrown);
  return {
    name: String(name),
    message: String(message),
    ...(typeof stack === "string" && { stack }),
    ...(ours && { code: thrown.code }),
    details: plain(ours ? thrown.details : { ...thrown, cause: undefined }),
    ...(cause !== undefined && depth < DEEPEST && { cause: packThrown(cause, depth + 1) }),
  };
}

/** The error as it was thrown, of the same class: `instanceof`, `code`, details, cause and stack are what they were there. */
export function unpackThrown({ name, message, stack, code, details, cause }: Thrown): Error {
  const error = code
    ? new OURS[code](message, details)
    : Object.assign(new (STANDARD[name ?? ""] ?? Error)(message), details);
  if (name !== undefined && error.name !== name) define(error, "name", name);
  if (stack !== undefined) error.stack = stack;
  if (cause) define(error, "cause", unpackThrown(cause));
  return error;
}

/** As the language defines them: not among what is listed when the error is shown. */
function define(error: Error, key: "name" | "cause", value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

/** By name, too: the thread may have loaded another copy of the library, in a bundle. */
function isOurs(error: Error): error is BlockwiseError {
  const Class = OURS[(error as BlockwiseError).code];
  return error instanceof BlockwiseError || (Class !== undefined && Class.name === error.name);
}

function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || Object.prototype.toString.call(thrown) === "[object Error]";
}

/** What can be sent of a record; the rest in words. */
function plain(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const sent: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    try {
      sent[key] = structuredClone(value);
    } catch {
      sent[key] = describe(value);
    }
  }
  return sent;
}

function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}
