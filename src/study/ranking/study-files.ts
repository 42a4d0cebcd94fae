import { cpSync, existsSync, readdirSync } from "node:fs";
import { basename, isAbsolute, join, relative, sep } from "node:path";
import { ConfigError, nearestName, packageRoot, readJson } from "../../core";
import type { StudyConfig } from "./study-config";

/** Where Blockwise's own studies lie, from its root. */
const STUDIES = join("experiments", "studies");

/** A study's file, and what the paths in it are relative to. */
export interface StudyFile {
  readonly file: string;
  readonly root: string;
}

/** The results that ship with the package, from its root. */
const STORED = join("notebooks", "expected");
/** Where results of one's own lie, from the working folder. */
const OWN = join("runs", "studies");

/** Folders that decide where results of studies lie. */
export interface StudyPlaces {
  readonly package: string;
  readonly working: string;
}

const here = (): StudyPlaces => ({ package: packageRoot(), working: process.cwd() });

/** Whether one works on Blockwise itself: its own results are then those that ship. */
function isDevelopment({ package: root, working }: StudyPlaces): boolean {
  const inside = relative(root, working);
  return !inside.startsWith("..") && !isAbsolute(inside) && !root.split(sep).includes("node_modules");
}

/**
 * A study of Blockwise's own that writes its results below the working folder, `runs/studies/`, and never into the package:
 * what is stored there is copied first. Within a checkout of Blockwise, and for studies from files, it is the study itself.
 */
export function withOwnResults(study: StudyConfig, places: StudyPlaces = here()): StudyConfig {
  if (study.root !== places.package || isDevelopment(places)) return study;
  const root = join(places.working, OWN);
  cpSync(join(places.package, STORED), join(root, STORED), { recursive: true, force: false });
  const moved = (path: string) => join(root, relative(places.package, path));
  const { results, retrain } = study;
  return {
    ...study,
    root,
    results: moved(results),
    ...(retrain && { retrain: { ...retrain, result: moved(retrain.result) } }),
  };
}

/** What the paths of Blockwise's own studies are relative to: results of one's own where there are, else those that ship. */
function resultsRoot(places: StudyPlaces): string {
  const own = join(places.working, OWN);
  return !isDevelopment(places) && existsSync(join(own, STORED)) ? own : places.package;
}

/** Blockwise's own studies, in the order in which one may need what another found. */
export function ownStudies(places: StudyPlaces = here()): StudyFile[] {
  const root = resultsRoot(places);
  const folder = join(places.package, STUDIES);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const order = (name: string) => (readJson(join(folder, name)) as { readonly name: string }).name;
  return files.sort((a, b) => (order(a) < order(b) ? -1 : 1)).map((name) => ({ file: join(folder, name), root }));
}

/**
 * A study by the name of its file among Blockwise's own, or by the path of a file.
 * @param others Names that the caller knows beside these, for the message.
 * @throws ConfigError when there is none.
 */
export function findStudy(name: string, places: StudyPlaces = here(), others: readonly string[] = []): StudyFile {
  const own = ownStudies(places);
  const found = own.find(({ file }) => basename(file, ".json") === name);
  if (found) return found;
  if (existsSync(name)) return { file: name, root: "." };
  const names = [...own.map(({ file }) => basename(file, ".json")), ...others];
  const near = nearestName(name, names);
  throw new ConfigError(
    `study: must be a file or one of ${names.join(", ")}, got ${JSON.stringify(name)}${near === undefined ? "" : `; did you mean ${near}?`}`,
    { name },
  );
}
