/** What went wrong, as a closed list: a caller may switch on it. */
export type ErrorCode =
  | "SHAPE"
  | "SPACE"
  | "BUDGET_INFEASIBLE"
  | "ENGINE"
  | "CHECKPOINT"
  | "DATA"
  | "TRAINING"
  | "INTERRUPTED"
  | "CONFIG"
  | "STUDY";

/**
 * Base of every error that Blockwise throws on purpose.
 * Messages read "where: what must hold, what came, what to do".
 */
export class BlockwiseError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    /** Plain data that belongs to the message, so that a notebook can show it as a table. */
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Two shapes do not fit; the message has both. */
export class ShapeError extends BlockwiseError {
  constructor(message: string, details?: Record<string, unknown>, options?: ErrorOptions) {
    super("SHAPE", message, details, options);
  }
}

/** An architecture or a search space is malformed. */
export class SpaceError extends BlockwiseError {
  constructor(message: string, details?: Record<string, unknown>, options?: ErrorOptions) {
    super("SPACE", message, details, options);
  }
}

/** No network of the space meets the limits; the message names the least attainable. */
export class BudgetInfeasibleError extends BlockwiseError {
  constructor(message: string, details?: Record<string, unknown>, options?: ErrorOptions) {
    super("BUDGET_INFEASIBLE", message, details, options);
  }
}

/** The engine cannot do what was asked, or is not there. */
export class EngineError extends BlockwiseError {
  constructor(message: string, details?: Record<string, unknown>, options?: ErrorOptions) {
    super("ENGINE", message, details, options);
  }
}

/** A checkpoint, weight file or found-network file is damaged or does not belong here. */
export class CheckpointError extends BlockwiseError {
  constructor(message: string, details?: Record<string, unknown>, options?: ErrorOptions) {
    super("CHECKPOINT", message, details, options);
  }
}

/**
 * A data set is unknown, absent or damaged. With `details.byUser` what was asked for is wrong, a name, a path or a number of images,
 * and not what is there.
 */
export class DataError extends BlockwiseError {
  constructor(message: string, details?: Record<string, unknown>, options?: ErrorOptions) {
    super("DATA", message, details, options);
  }
}

/** Training went wrong (NaN or infinite loss); names what and at which step. */
export class TrainingError extends BlockwiseError {
  constructor(message: string, details?: Record<string, unknown>, options?: ErrorOptions) {
    super("TRAINING", message, details, options);
  }
}

/** The user stopped a step; all that was complete is kept. */
export class InterruptedError extends BlockwiseError {
  constructor(message: string, details?: Record<string, unknown>, options?: ErrorOptions) {
    super("INTERRUPTED", message, details, options);
  }
}

/** A configuration (file, command line, option) is malformed. */
export class ConfigError extends BlockwiseError {
  constructor(message: string, details?: Record<string, unknown>, options?: ErrorOptions) {
    super("CONFIG", message, details, options);
  }
}

/** A run directory is locked, damaged or belongs to another configuration. */
export class StudyError extends BlockwiseError {
  constructor(message: string, details?: Record<string, unknown>, options?: ErrorOptions) {
    super("STUDY", message, details, options);
  }
}
