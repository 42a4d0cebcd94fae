import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { writeFailure } from "./file-error";
import { makeFolder } from "./make-folder";
import { temporaryName } from "./temporary-files";

/**
 * Writes a file whole or not at all: into a temporary file beside it, every byte, synced, then renamed; makes the folders
 * it needs. A file that was there before stays as it was when anything fails.
 * @throws CheckpointError that says what to do when the disk is full or the place cannot be written.
 */
export function writeAtomic(path: string, data: string | Uint8Array): void {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  let temporary: string | undefined;
  try {
    if (writesDevice(path, bytes)) return;
    makeFolder(dirname(path));
    const { target, before } = existing(path);
    temporary = join(dirname(target), temporaryName(target));
    writeSynced(temporary, bytes, before);
    renameSync(temporary, target);
    syncFolder(dirname(target));
  } catch (error) {
    if (temporary) removeIfThere(temporary);
    throw writeFailure(path, error);
  }
}

/**
 * Puts a file's content in its place for whoever looks now: whole or not at all, but not waited for until it is on the disk.
 * For what nobody misses after a power cut.
 * @returns Whether it was written; nothing is thrown.
 */
export function writePassing(path: string, text: string): boolean {
  const temporary = join(dirname(path), temporaryName(path));
  try {
    writeFileSync(temporary, text, { flag: "wx" });
    renameSync(temporary, path);
    return true;
  } catch {
    removeIfThere(temporary);
    return false;
  }
}

/** What made writing fail may make this fail, too, and is what has to be told. */
function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Whoever sweeps temporary files finds it.
  }
}

/** A device such as /dev/null or /dev/stdout is written into and stays what it is; nobody may read what a pipe takes. */
function writesDevice(path: string, bytes: Uint8Array): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  if (!there || there.isFile() || there.isDirectory()) return false;
  if (!there.isCharacterDevice()) {
    throw Object.assign(new Error("it is a pipe, a socket or a disk"), { code: "EINVAL" });
  }
  writeFileSync(path, bytes);
  return true;
}

/** Writes all bytes at a place of an open file: the system may take fewer at once. */
export function writeFully(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const wrote = writeSync(file, bytes, done, bytes.length - done, position + done);
    if (wrote === 0) throw Object.assign(new Error("the system took no byte"), { code: "ENOSPC" });
    done += wrote;
  }
}

/**
 * Adds bytes to an open file and waits until they are on the disk, all of them or none.
 * @param end Length of the file so far; what a failed write left beyond it is cut off.
 * @throws CheckpointError as {@link writeAtomic}.
 */
export function appendSynced(path: string, file: number, bytes: Uint8Array, end: number): void {
  try {
    writeFully(file, bytes, end);
    fsyncSync(file);
  } catch (error) {
    try {
      ftruncateSync(file, end);
    } catch {
      // Whoever opens the file next cuts the torn end off.
    }
    throw writeFailure(path, error);
  }
}

/** A link is written through, and a file that is there keeps its owner and rights. */
function existing(path: string): { target: string; before?: Stats } {
  try {
    const target = realpathSync(path);
    return { target, before: statSync(target) };
  } catch {
    return { target: path };
  }
}

function writeSynced(path: string, bytes: Uint8Array, before: Stats | undefined): void {
  const file = openSync(path, "wx");
  try {
    writeFully(file, bytes, 0);
    if (before) keepRights(file, before);
    fsyncSync(file);
    const { size } = fstatSync(file);
    if (size !== bytes.length) {
      throw Object.assign(new Error(`${size} of ${bytes.length} bytes were kept`), { code: "ENOSPC" });
    }
  } catch (error) {
    closeSync(file);
    throw error;
  }
  closeSync(file);
}

function keepRights(file: number, { mode, uid, gid }: Stats): void {
  try {
    fchmodSync(file, mode);
    fchownSync(file, uid, gid);
  } catch {
    // Only the owner may, and only root may give a file away.
  }
}

/** A rename is kept through a power cut once its folder is synced; some systems cannot open folders. */
function syncFolder(folder: string): void {
  let file: number | undefined;
  try {
    file = openSync(folder, "r");
    fsyncSync(file);
  } catch {
    // The file itself is synced.
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
