import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { ConfigError, readJson } from "../core";
import { parseLatencyCsv } from "./latency-csv";
import { type LatencyTable, parseLatencyTable } from "./latency-table";

/** Folder of the working directory in which a table is found by its name alone. */
export const LATENCY_FOLDER = "latency";
const ENDINGS = [".json", ".csv"];

/**
 * Reads a latency table.
 * @param source A file, JSON or CSV, or the name of one in the folder `latency` of the working directory: "chromium-wasm" is
 *   `latency/chromium-wasm.json`, or `.csv`.
 * @throws ConfigError when it is absent or something else, CheckpointError when its hash shows that it is damaged.
 */
export function readLatencyTable(source: string): LatencyTable {
  const path = latencyPath(source);
  if (extname(path).toLowerCase() === ".csv" && existsSync(path)) {
    return parseLatencyCsv(textOf(readFileSync(path)), basename(path, extname(path)), path);
  }
  const mend = "make one by blockwise latency <space or run> --out <file>";
  return parseLatencyTable(readJson(path, { what: "a latency table", mend, byUser: true }), path);
}

/** By its byte order mark: spreadsheets save "Unicode text" as UTF-16. */
function textOf(bytes: Buffer): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

/** @throws ConfigError for a name that no table has, listing those that are there. */
function latencyPath(source: string): string {
  const isName = !/[/\\]/.test(source) && !ENDINGS.includes(extname(source).toLowerCase());
  if (!isName || (existsSync(source) && statSync(source).isFile())) return source;
  const found = ENDINGS.map((ending) => join(LATENCY_FOLDER, source + ending)).find((path) => existsSync(path));
  if (found) return found;
  const files = existsSync(LATENCY_FOLDER) ? readdirSync(LATENCY_FOLDER) : [];
  const names = files.filter((file) => ENDINGS.includes(extname(file))).map((file) => basename(file, extname(file)));
  const there = names.length > 0 ? `there are ${names.sort().join(", ")}` : "there is none";
  throw new ConfigError(
    `latency table: ${JSON.stringify(source)} must be a file, or the name of one in ${LATENCY_FOLDER}/, where ${there}; make one by blockwise latency <space or run> --browser, or import one by --from <file.csv>`,
    { source },
  );
}
