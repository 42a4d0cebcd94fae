import { basename, resolve } from "node:path";
import { ConfigError, fingerprint } from "../../core";
import type { RatedBy } from "../../retrain";
// Not the room's index: that loads an engine.
import { type Comparison, compare, type FrontPoint } from "../../retrain/compare/measured-front";
import { type RecordedRun, readRun } from "./recorded-run";

/** Runs beside each other, as plain JSON. */
export interface ComparedRuns {
  readonly runs: readonly {
    readonly name: string;
    readonly path: string;
    /** Absent while the run is not finished. */
    readonly comparison?: Comparison;
    /** What its networks were searched by; runs of older versions do not say it. */
    readonly ratedBy?: RatedBy;
    /** Every measured network; none while the run is not finished. */
    readonly networks: readonly FrontPoint[];
  }[];
  /** Settings that differ, by their key: a value a run, null where a run has none. */
  readonly settings: Readonly<Record<string, readonly unknown[]>>;
  /** Why the accuracies do not compare, where they do not. */
  readonly caveat?: string;
}

/** What is no setting of the search. */
const IGNORED: readonly string[] = ["name", "threads"];

/**
 * Reads runs and puts them side by side.
 * @throws ConfigError for fewer than two or the same twice, and as {@link readRun}.
 */
export function compareRuns(paths: readonly string[]): ComparedRuns {
  const places = paths.map((path) => resolve(path));
  if (new Set(places).size < places.length || places.length < 2) {
    throw new ConfigError(
      `compare: runs must be two or more different directories, got ${paths.join(", ")}; e.g. blockwise compare runs/a runs/b`,
    );
  }
  const read = paths.map((path) => readRun(path, "compare"));
  const names = nameRuns(places);
  return {
    runs: read.map(({ path, front }, i) => ({
      name: names[i],
      path,
      ...(front && { comparison: compare(front) }),
      ...(front?.ratedBy && { ratedBy: front.ratedBy }),
      networks: front?.measured ?? [],
    })),
    settings: differing(read),
    ...caveat(read),
  };
}

/** The folders' names; with those above them where two are alike. */
function nameRuns(places: readonly string[]): string[] {
  const names = places.map((place) => basename(place));
  return new Set(names).size === names.length ? names : places.map((place) => place.split(/[/\\]/).slice(-2).join("/"));
}

function differing(runs: readonly RecordedRun[]): Record<string, readonly unknown[]> {
  const flat = runs.map(({ config }) => flattened(config));
  const keys = [...new Set(flat.flatMap((one) => [...one.keys()]))].sort();
  return Object.fromEntries(
    keys.flatMap((key) => {
      const values = flat.map((one) => one.get(key) ?? null);
      const same = new Set(values.map(fingerprint)).size === 1;
      return same || IGNORED.includes(key) ? [] : [[key, values]];
    }),
  );
}

function flattened(value: unknown, place = ""): Map<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return new Map([[place, value]]);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return new Map(entries.flatMap(([key, inner]) => [...flattened(inner, place ? `${place}.${key}` : key)]));
}

function caveat(runs: readonly RecordedRun[]): { caveat?: string } {
  const images = (run: RecordedRun) => JSON.stringify([run.config.data, run.config.seed]);
  const names = new Set(runs.map(({ config }) => config.data.name));
  if (names.size > 1) {
    return {
      caveat: `The runs are of different data sets (${[...names].join(", ")}): their accuracies do not compare.`,
    };
  }
  if (new Set(runs.map(images)).size > 1) {
    return {
      caveat:
        "The runs divide their images by other seeds or counts: their test images may differ, and another seed alone changes accuracies.",
    };
  }
  return {};
}
