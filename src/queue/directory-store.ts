import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { breathe, makeFolder, StudyError, temporaryName, writeFailure, writeFully } from "../core";
import { type Content, checkName, missing, nameOf, type ObjectStore, objectPath, PIECE } from "./object-store";

/** Objects as files of a folder, `objects/<first two digits>/<name>`, which all machines see, e.g. over NFS. */
export function directoryStore(folder: string): ObjectStore {
  const root = resolve(folder);
  /** Whose content this process has checked. */
  const checked = new Set<string>();
  const place = (hash: string) => join(root, objectPath(hash));
  return {
    name: root,
    async put(content) {
      const hash = await nameOf(content.pieces());
      const path = place(hash);
      if (sizeOf(path) === content.size) return hash;
      await write(path, content);
      return hash;
    },
    async file(hash) {
      checkName(hash, root);
      const path = place(hash);
      if (checked.has(hash) && sizeOf(path) !== undefined) return path;
      if (sizeOf(path) === undefined) {
        throw missing(hash, root);
      }
      if ((await nameOf(piecesOf(path))) !== hash) {
        rmSync(path, { force: true });
        throw new StudyError(
          `store: the object ${hash} in ${root} was damaged and is removed; run the same command again, which stores it anew`,
          { store: root, object: hash },
        );
      }
      checked.add(hash);
      return path;
    },
  };
}

/** Undefined where there is no such file. */
function sizeOf(path: string): number | undefined {
  const there = statSync(path, { throwIfNoEntry: false });
  return there?.isFile() ? there.size : undefined;
}

async function write(path: string, { pieces }: Content): Promise<void> {
  const temporary = join(dirname(path), temporaryName(path));
  try {
    makeFolder(dirname(path));
    const file = openSync(temporary, "wx", 0o600);
    try {
      let at = 0;
      for (const piece of pieces()) {
        writeFully(file, piece, at);
        at += piece.length;
        if (piece.length >= PIECE) await breathe();
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw writeFailure(path, error);
  }
}

/** A file's bytes, a piece at a time. */
export function* piecesOf(path: string | number): Iterable<Uint8Array> {
  const file = typeof path === "number" ? path : openSync(path, "r");
  try {
    const piece = new Uint8Array(PIECE);
    for (let at = 0; ; ) {
      const got = readSync(file, piece, 0, piece.length, at);
      if (got === 0) return;
      at += got;
      yield piece.subarray(0, got);
    }
  } finally {
    if (typeof path === "string") closeSync(file);
  }
}
