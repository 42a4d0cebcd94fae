import { existsSync, lstatSync, rmdirSync, rmSync, type Stats, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ConfigError, failedBy, makeFolder, systemCode, writeFailure } from "../core";

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
  const there = stats(path);
  if (!there && isLink(path)) throw fail("which is a link to nothing; choose another name");
  if (there?.isDirectory()) throw fail("which is a folder; name a file in it");
  if (there?.isCharacterDevice()) return;
  if (there && !there.isFile()) throw fail("which is a pipe, a socket or a disk; choose another place");
  try {
    tryToWrite(resolve(path));
  } catch (error) {
    const met =
      systemCode(error) === "EEXIST" || systemCode(error) === "ENOTDIR"
        ? "but a part of the path is a file"
        : "where nothing can be written";
    throw fail(
      `${met} (${systemCode(error) ?? (error as Error).message}); choose another place, or change its permissions`,
    );
  }
}

/** As {@link checkOutput}, for a folder that will be made where it is not there. */
export function checkOutputFolder(where: string, path: string): void {
  if (stats(path)?.isDirectory() === false) {
    throw new ConfigError(
      `${where}: must name a folder, got ${JSON.stringify(path)}, which is a file; choose another name`,
      { path },
    );
  }
  if (path === "")
    throw new ConfigError(`${where}: must name a folder, got "", which is none; give one, or leave it out`);
  checkOutput(where, join(path, "model.json"));
}

/** Undefined where nothing is, or where it cannot be told: then writing is tried. */
function stats(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/**
 * Makes an empty file beside the one named, and takes it away again with the folders made for it: permissions alone do not
 * tell, root has all of them, and the system takes no files below /proc.
 */
function tryToWrite(path: string): void {
  const folder = dirname(path);
  const missing: string[] = [];
  for (let at = folder; !existsSync(at); at = dirname(at)) missing.push(at);
  try {
    makeFolder(folder);
    const file = join(folder, `.${process.pid}-${basename(path)}`.slice(0, Math.max(basename(path).length, 24)));
    writeFileSync(file, "", { flag: "wx" });
    rmSync(file);
  } finally {
    for (const made of missing) {
      try {
        rmdirSync(made);
      } catch {
        // Not made, or no longer empty.
      }
    }
  }
}

/** Failures that are the named place's: another name mends them. A full disk is none. */
const PLACE = [
  "EACCES",
  "EEXIST",
  "EINVAL",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "ENOENT",
  "ENOTDIR",
  "ENOTEMPTY",
  "EPERM",
  "EROFS",
];

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
