import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { ConfigError, packageRoot, readJson } from "../../../core";

/** Where Blockwise's own studies lie, from its root. */
const STUDIES = join("experiments", "studies");

/** A study's file, and what the paths in it are relative to. */
export interface StudyFile {
  readonly file: string;
  readonly root: string;
}

/** Blockwise's own studies, in the order in which one may need what another found. */
export function ownStudies(): StudyFile[] {
  const root = packageRoot();
  const folder = join(root, STUDIES);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const order = (name: string) => (readJson(join(folder, name)) as { readonly name: string }).name;
  return files.sort((a, b) => (order(a) < order(b) ? -1 : 1)).map((name) => ({ file: join(folder, name), root }));
}

/**
 * A study by the name of its file among Blockwise's own, or by the path of a file.
 * @throws ConfigError when there is none.
 */
export function findStudy(name: string): StudyFile {
  const own = ownStudies();
  const found = own.find(({ file }) => basename(file, ".json") === name);
  if (found) return found;
  if (existsSync(name)) return { file: name, root: "." };
  const names = own.map(({ file }) => basename(file, ".json")).join(", ");
  throw new ConfigError(`study: must be a file or one of ${names}, got ${JSON.stringify(name)}`, { name });
}
