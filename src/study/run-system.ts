import { join } from "node:path";
import { ConfigError, readJson } from "../core";

/**
 * The system of a run that searches trial by trial, or as PocketNet does: "econas".
 * @returns Undefined of block-wise runs, and where no configuration can be read.
 */
export function runSystem(path: string): string | undefined {
  return systemOf(readConfig(path));
}

/** The system that a configuration names; block-wise ones name none. */
export function systemOf(config: unknown): string | undefined {
  const { system } = (config ?? {}) as { readonly system?: unknown };
  return system === undefined ? undefined : String(system);
}

/** @throws ConfigError when a directory is the run of a system that is not block-wise. */
export function checkBlockWise(path: string, where: string): void {
  const system = runSystem(path);
  if (system === undefined) return;
  throw new ConfigError(
    `${where}: ${path} must be a block-wise run, and is one of the system ${system}, which has no ratings of blocks; see it with blockwise report ${path}, or go on with it by blockwise run`,
    { path, system },
  );
}

function readConfig(path: string): unknown {
  try {
    return readJson(join(path, "config.json"));
  } catch {
    // What is damaged or absent is told by whoever needs it.
    return undefined;
  }
}
