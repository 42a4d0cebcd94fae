import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, DataError } from "../core";

/** What a data set is called in a folder of data sets: the place inside the folder that holds it, undefined when none does. */
export type LookInside = (folder: string) => string | undefined;

/**
 * The folder of data sets that the variable `BLOCKWISE_DATA` names; undefined when it is not set.
 * @throws DataError when it names no folder.
 */
export function dataFolder(): string | undefined {
  const { BLOCKWISE_DATA: folder } = process.env;
  if (!folder) return undefined;
  if (isFolder(folder)) return folder;
  throw new DataError(
    `BLOCKWISE_DATA: must name a folder of data sets, got ${JSON.stringify(folder)}, which ${existsSync(folder) ? "is a file" : "does not exist"}; correct the variable, or unset it`,
    { folder, byUser: true },
  );
}

/**
 * Where a data set lies on this machine: in the folder of `BLOCKWISE_DATA`, else in one of the usual places, else in the cache.
 * @param usual Places of its own, e.g. those of a system's package.
 */
export function findData(look: LookInside, usual: readonly string[] = []): string | undefined {
  const given = dataFolder();
  return (given && look(given)) ?? usual.find(existsSync) ?? look(cacheFolder());
}

/** Pictures of one's own in the folder of `BLOCKWISE_DATA`: `<name>/` or `<name>.zip`. */
export function findOwnPictures(name: string): string | undefined {
  const given = dataFolder();
  return given && [join(given, name), join(given, `${name}.zip`)].find(existsSync);
}

/** Whether a folder has all of the files. */
export function hasFiles(folder: string, files: readonly string[]): boolean {
  return files.every((file) => existsSync(join(folder, file)));
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
