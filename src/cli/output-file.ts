import { accessSync, constants, existsSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { ConfigError, failedBy, writeFailure } from "../core";

/**
 * Refuses at once what could not be written at the end: no name, a folder, a place without permission.
 * @param where The command or option that names the file.
 * @throws ConfigError
 */
export function checkOutput(where: string, path: string): void {
  const fail = (got: string) =>
    new ConfigError(`${where}: must name a file that can be written, got ${JSON.stringify(path)}, ${got}`, { path });
  if (/[/\\]$/.test(path) || /^(\.ipynb|\.html|\.{0,2})$/.test(basename(path))) {
    throw fail("which has no file name; give one, e.g. my-study.ipynb");
  }
  if (existsSync(path) && statSync(path).isDirectory()) throw fail("which is a folder; name a file in it");
  const folder = nearestFolder(resolve(path));
  if (!statSync(folder).isDirectory()) throw fail(`but ${folder} is no folder; choose another place`);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw fail("where nothing can be written; choose another place, or change its permissions");
  }
}

/** Failures that are the named place's: another name mends them. A full disk is none. */
const PLACE = ["EACCES", "EEXIST", "EISDIR", "ENAMETOOLONG", "ENOENT", "ENOTDIR", "ENOTEMPTY", "EPERM", "EROFS"];

/**
 * Writes by `write`, which says what the file system refuses in a sentence; where the place itself is at fault, the
 * sentence begins with the command or option that named it.
 * @throws ConfigError when the place cannot be written, CheckpointError when the disk is full or fails.
 */
export function writing(where: string, path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const said = writeFailure(path, error) as Error;
    if (!PLACE.includes(failedBy(said) ?? "")) throw said;
    throw new ConfigError(said.message.replace(/^write: /, `${where}: `), { path }, { cause: said });
  }
}

/** The first part of the way to a file that is there. */
function nearestFolder(path: string): string {
  const folder = dirname(path);
  return existsSync(folder) || folder === path ? folder : nearestFolder(folder);
}
