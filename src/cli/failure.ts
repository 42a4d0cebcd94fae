import { CommanderError } from "commander";
import { BlockwiseError } from "../core";
import { exitCodeOf } from "./exit-codes";

/**
 * Says on stderr why a command failed: one sentence for what Blockwise or the file system refused, the whole stack for a
 * fault of Blockwise's own.
 * @returns the exit code.
 */
export function reportFailure(error: unknown): number {
  // Commander has said its own already.
  if (!(error instanceof CommanderError)) console.error(sentence(error));
  return exitCodeOf(error);
}

function sentence(error: unknown): unknown {
  if (error instanceof BlockwiseError) return `blockwise: ${error.message}`;
  const refusal = systemRefusal(error);
  if (refusal) return `blockwise: ${refusal}`;
  return error;
}

/** "out.json: permission denied (EACCES, open)" for an error of the operating system on a file. */
function systemRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall, path, message } = error as NodeJS.ErrnoException;
  if (!code || !syscall || !path) return undefined;
  const reason = message.replace(/^[A-Z0-9]+: /, "").replace(/, \w+ '.*$/s, "");
  return `${path}: ${reason} (${code}, ${syscall})`;
}
