import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isTemporary, readJson, writeJson } from "../core";
import { readSittings } from "./sittings";

/** As `blockwise report` names them, by their titles. */
const FIGURES =
  /^(distillation-imitating-the-teacher-block-by-block|predicted-front|what-each-block-costs|the-supernet-candidates-of-each-block|what-\d+-brief-trainings-let-expect|cells-of-[a-z0-9-]+|\d+-networks-by-[a-z]+|(accuracy-against-cost-on|training-of)-[a-z0-9-]+)\.svg$/;
const CELL = String.raw`c\d+\.\d+(-\d+)*`;

/** Of a search trial by trial alone: no other run has it. */
export const SEARCH_FOLDER = "search";

/** Folders of a run, each with the names that a run gives to files in it. */
export const RUN_FOLDERS: Readonly<Record<string, RegExp>> = {
  features: /^features-[0-9a-f]+\.(\d+\.bin|jsonl|lock)$/,
  checkpoints: /^(teacher|block\d+-cell\d+|((retrain|brief)-)?[0-9a-f]{16})\.safetensors(\.damaged)?$/,
  ratings: /^(block\d+|table|evidence)\.json$/,
  // Its own networks, and those of `blockwise retrain` by their ids.
  found: new RegExp(
    `^((found|random|shrunk)-\\d+|${CELL}(_${CELL})*(-epochs\\d+)?(-seed-?\\d+)?)\\.(json|safetensors)$`,
  ),
  figures: FIGURES,
  [SEARCH_FOLDER]: /^(search\.jsonl(\.damaged)?|lock\.json.*)$/,
};

export const RUN_MARKER = "run.json";
const FORMAT = "blockwise-run-1";
const LOCK = /^lock\.json/;
const FILES =
  /^(run|config|experiment|environment|front|progress|result)\.json$|^environment\.json\.damaged$|^journal\.jsonl(\.damaged)?$|^teacher\.safetensors$|^report\.html$/;
/** What a start that was killed at once may leave behind beside the lock: the marker comes before any other file. */
const OF_A_START = /^(run|config|environment)\.json\../;

/** Makes a directory known as that of a run: only then its files may be deleted. */
export function markRun(path: string): void {
  if (isMarked(path)) return;
  writeJson(join(path, RUN_MARKER), { format: FORMAT });
}

/** Whether a directory is that of a run: it has the marker, or all that runs had before there was one. */
export function isRun(path: string): boolean {
  if (isMarked(path)) return true;
  try {
    const environment = readSittings(join(path, "environment.json"));
    return (
      environment.length > 0 && existsSync(join(path, "journal.jsonl")) && isObject(readJson(join(path, "config.json")))
    );
  } catch {
    return false;
  }
}

function isMarked(path: string): boolean {
  try {
    return (readJson(join(path, RUN_MARKER)) as { format?: unknown } | null)?.format === FORMAT;
  } catch {
    return false;
  }
}

/** What a directory holds that is none of a run: neither left by a start that was killed nor an empty folder of a run. */
export function foreignEntries(path: string): string[] {
  return readdirSync(path).filter((name) => {
    if (LOCK.test(name) || OF_A_START.test(name)) return false;
    const folder = join(path, name);
    return !(name in RUN_FOLDERS && lstatSync(folder).isDirectory() && readdirSync(folder).length === 0);
  });
}

/** Deletes what a run made, and nothing else; a folder with other files stays with them. */
export function removeRunFiles(path: string): void {
  for (const name of readdirSync(path)) {
    const own = RUN_FOLDERS[name];
    if (own) removeMatching(join(path, name), own);
    else if (name !== RUN_MARKER && (FILES.test(name) || isTemporary(name))) rmSync(join(path, name));
  }
}

function removeMatching(folder: string, own: RegExp): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    // States of every epoch lie in folders of their own.
    if (entry.isDirectory() && /^epoch\d+$/.test(entry.name)) removeMatching(path, own);
    else if (entry.isFile() && (own.test(entry.name) || isTemporary(entry.name))) rmSync(path);
  }
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
