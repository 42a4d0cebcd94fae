import { existsSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { ConfigError, EngineError, unknownName, writeJson } from "../../core";
import { LATENCY_FOLDER, type LatencyTable, placeWords, readLatencyTable, unsteadyWords } from "../../cost";
import { PLACE_NAMES, PLACES, type Place } from "../../deploy/places";
import type { Architecture, SearchSpace } from "../../space";
import { EXIT } from "../exit-codes";
import { stoppable } from "../interrupt";
import { latencyText } from "../latency-text";
import type { Output } from "../output";
import { checkOutput } from "../output-file";

/** What is measured, where, and where to the tables go. */
interface Elsewhere {
  readonly subject: Architecture | SearchSpace;
  readonly teacher?: Architecture;
  readonly places: readonly Place[] | undefined;
  readonly batch: number;
  readonly rounds?: number;
  /** Random networks that are timed whole beside the layers. */
  readonly networks?: number;
  readonly out?: string;
}

/** `--browser`'s places; undefined: all that are there. @throws ConfigError for what is none. */
export function placesOf(given: string | true): readonly Place[] | undefined {
  if (given === true) return undefined;
  const names = given.split(",").map((name) => name.trim());
  for (const name of names) {
    if (PLACE_NAMES.includes(name as Place)) continue;
    throw new ConfigError(`latency --browser: ${unknownName(JSON.stringify(name), name, PLACE_NAMES)}`);
  }
  return [...new Set(names)] as Place[];
}

/**
 * `blockwise latency --browser`: a table a place, each written as soon as it is whole. A place that was not named and is not
 * there is told and left out.
 * @returns The command's exit code.
 */
export async function measureElsewhere(wanted: Elsewhere, output: Output): Promise<number> {
  const { places = PLACE_NAMES } = wanted;
  const paths = new Map(places.map((place) => [place, pathOf(place, wanted)]));
  for (const path of paths.values()) checkFree(path, wanted);
  const { engine } = await import("../../engine/index.js");
  const { measurePlace } = await import("../../deploy/index.js");
  engine.use("auto", { threads: 1 });
  const tables: LatencyTable[] = [];
  const absent: string[] = [];
  const { subject, teacher, batch, rounds, networks } = wanted;
  const code = await stoppable("The tables that were complete are written", output, async (context) => {
    for (const [place, path] of paths) {
      try {
        const table = await measurePlace(
          place,
          subject,
          { batch, networks, ...(rounds && { rounds }) },
          context,
          teacher,
        );
        writeJson(path, table);
        tables.push(table);
      } catch (error) {
        if (wanted.places || !(error instanceof EngineError || error instanceof ConfigError)) throw error;
        absent.push(`${place} was not measured: ${error.message}`);
      }
    }
  });
  if (tables.length > 0) output.result(tables, () => tables.map((table) => latencyText(wanted, table)).join("\n\n"));
  for (const table of tables) {
    const unsteady = unsteadyWords(table);
    if (unsteady) output.warn(`${table.place}: ${unsteady}`);
    output.remark(
      `${table.place}: ${PLACES[table.place as Place].runs}; written to ${paths.get(table.place as Place)}`,
    );
  }
  for (const sentence of absent) output.warn(sentence);
  if (code === EXIT.done && tables.length === 0) {
    throw new EngineError(
      "latency --browser: at least one place must run networks, and none does; see the sentences above",
    );
  }
  return code;
}

function pathOf(place: Place, { out = LATENCY_FOLDER, places = PLACE_NAMES }: Elsewhere): string {
  if (extname(out).toLowerCase() !== ".json") return join(out, `${place}.json`);
  if (places.length === 1) return out;
  throw new ConfigError(
    `latency --out: must be a folder, since there is a table for each of ${places.join(", ")}, got ${JSON.stringify(out)}; or name one place`,
  );
}

/** @throws ConfigError where a table of something else would be lost. */
function checkFree(path: string, { subject }: Elsewhere): void {
  checkOutput("latency --out", path);
  if (!existsSync(path) || !statSync(path).isFile()) return;
  const there = readLatencyTable(path);
  if (there.subject === subject.name) return;
  throw new ConfigError(
    `latency --out: ${path} is the table of ${there.subject} (${placeWords(there)}), which would be lost; give this one another place by --out <folder or file.json>`,
    { path },
  );
}
