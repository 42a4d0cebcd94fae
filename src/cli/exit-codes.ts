import { CommanderError } from "commander";
import { BlockwiseError, type ErrorCode } from "../core";

/** What a command's exit code says; the same for all commands. */
export const EXIT = {
  done: 0,
  /** It could not be done, or what was compared differs. */
  failed: 1,
  /** The command line, a configuration or an architecture is malformed, or names data or a file that is not there. */
  usage: 2,
  /** No network meets the limits. */
  infeasible: 3,
  /** A limit of time was reached; what was complete is kept. As coreutils' timeout. */
  timeout: 124,
  /** Stopped by Ctrl-C or a polite kill; what was complete is kept. */
  interrupted: 130,
} as const;

/** For `blockwise --help`. */
export const EXIT_CODES_HELP = `
Exit codes: ${EXIT.done} done; ${EXIT.failed} failed, or results differ; ${EXIT.usage} the command line or a file that the user writes is malformed, or names what is not there;
${EXIT.infeasible} no network meets the limits; ${EXIT.timeout} out of time (--timeout); ${EXIT.interrupted} stopped by Ctrl-C (what was complete is kept).`;

const BY_ERROR: Partial<Record<ErrorCode, number>> = {
  CONFIG: EXIT.usage,
  SPACE: EXIT.usage,
  BUDGET_INFEASIBLE: EXIT.infeasible,
  INTERRUPTED: EXIT.interrupted,
};

/** The exit code for what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (!(error instanceof BlockwiseError)) return EXIT.failed;
  // Data that is there and damaged is no mistake in what was asked for.
  if (error.code === "DATA" && error.details.byUser === true) return EXIT.usage;
  return BY_ERROR[error.code] ?? EXIT.failed;
}
