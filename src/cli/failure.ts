import { BlockwiseError } from "../core";

/**
 * Says on stderr why a command failed: the message alone when Blockwise threw it on purpose, the whole stack otherwise.
 * @returns the exit code.
 */
export function reportFailure(error: unknown): number {
  if (error instanceof BlockwiseError) console.error(`blockwise: ${error.message}`);
  else console.error(error);
  return 1;
}
