import { comparisons } from "./front-comparison";
import type { Comparison, MeasuredFront } from "./measured-front";
import { meanOf } from "./standard-error";

/** Mean over seeds with its standard error; that of one seed is unknown. */
export interface MeanOverSeeds {
  readonly mean: number;
  readonly standardError?: number;
}

/** What is told of each run: shares of the test images, differences of such shares, counts. */
export interface SweptFigures {
  /** Test accuracy of the best found network, 0..1. */
  readonly found: number;
  /** Of the teacher; absent where it gave its feature maps alone. */
  readonly teacher?: number;
  /** Mean of the random networks; absent without any. */
  readonly random?: number;
  /** Found less random. */
  readonly gain?: number;
  /** Most accurate of the teachers shrunk to the found network's cost; absent without any. */
  readonly shrunk?: number;
  /** Found less shrunk. */
  readonly gainOverShrunk?: number;
  readonly macs: number;
  readonly params: number;
}

export interface SweepSummary {
  /** Keys that were swept. */
  readonly keys: readonly string[];
  readonly dataset: string;
  /** One for each run, in the order in which they ran. */
  readonly runs: readonly {
    readonly name: string;
    readonly seed: number;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly figures: SweptFigures;
  }[];
  /** One for each combination of settings. */
  readonly rows: readonly {
    readonly settings: Readonly<Record<string, unknown>>;
    readonly seeds: readonly number[];
    readonly figures: Readonly<Partial<Record<keyof SweptFigures, MeanOverSeeds>>>;
  }[];
}

const FIGURES: readonly (keyof SweptFigures)[] = [
  "found",
  "teacher",
  "random",
  "gain",
  "shrunk",
  "gainOverShrunk",
  "macs",
  "params",
];

/** Means and standard errors over seeds for each combination of settings. */
export function summariseSweep(
  keys: readonly string[],
  swept: readonly {
    readonly name: string;
    readonly seed: number;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly front: MeasuredFront;
  }[],
  compared: (front: MeasuredFront) => Comparison,
): SweepSummary {
  const runs = swept.map(({ name, seed, settings, front }) => {
    const { best, teacher, toRandom } = compared(front);
    const gain = toRandom === undefined ? {} : { random: best.accuracy - toRandom, gain: toRandom };
    const shrunk = mostAccurateShrunk(front, best.label);
    const overShrunk = shrunk === undefined ? {} : { shrunk, gainOverShrunk: best.accuracy - shrunk };
    const { macs, params } = best;
    return {
      name,
      seed,
      settings,
      figures: {
        found: best.accuracy,
        ...(teacher && { teacher: teacher.accuracy }),
        ...gain,
        ...overShrunk,
        macs,
        params,
      },
    };
  });
  const groups = groupBy(runs, ({ settings }) => JSON.stringify(settings));
  return {
    keys,
    dataset: swept[0].front.measured[0].dataset,
    runs,
    rows: [...groups.values()].map((group) => ({
      settings: group[0].settings,
      seeds: group.map(({ seed }) => seed),
      figures: Object.fromEntries(
        FIGURES.flatMap((name) => {
          const values = group.flatMap(({ figures }) => (name in figures ? [(figures as SweptFigures)[name]!] : []));
          return values.length > 0 ? [[name, meanOverSeeds(values)]] : [];
        }),
      ),
    })),
  };
}

function mostAccurateShrunk({ measured }: MeasuredFront, found: string): number | undefined {
  const rivals = comparisons(measured).find((one) => one.found.label === found)?.shrunk ?? [];
  return rivals.length > 0 ? Math.max(...rivals.map(({ network }) => network.accuracy)) : undefined;
}

/** The rows as a figure draws them. */
export function sweepRows({ keys, rows }: SweepSummary) {
  return rows.map(({ settings, seeds, figures: { found, random, shrunk, teacher } }) => ({
    label: keys.map((key) => `${key} ${JSON.stringify(settings[key])}`).join(", ") || "as written",
    seeds: seeds.length,
    found: found!,
    random,
    shrunk,
    teacher,
  }));
}

/** Means and standard errors as CSV, a line a combination; accuracies are shares. */
export function sweepCsv({ keys, rows }: SweepSummary): string {
  const header = [...keys, "seeds", ...FIGURES.flatMap((name) => [name, `${name} standard error`])];
  const lines = rows.map(({ settings, seeds, figures }) => [
    ...keys.map((key) => settings[key]),
    seeds.length,
    ...FIGURES.flatMap((name) => [figures[name]?.mean, figures[name]?.standardError]),
  ]);
  return csv([header, ...lines]);
}

/** Every run as CSV, a line a run. */
export function sweepRunsCsv({ keys, runs }: SweepSummary): string {
  const lines = runs.map(({ name, seed, settings, figures }) => [
    name,
    ...keys.map((key) => settings[key]),
    seed,
    ...FIGURES.map((figure) => (figures as SweptFigures)[figure]),
  ]);
  return csv([["run", ...keys, "seed", ...FIGURES], ...lines]);
}

/** RFC 4180: what has a comma, a quote or a line's end is quoted. */
export function csv(lines: readonly (readonly unknown[])[]): string {
  const cell = (value: unknown) => {
    const text = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${lines.map((line) => line.map(cell).join(",")).join("\n")}\n`;
}

function meanOverSeeds(values: readonly number[]): MeanOverSeeds {
  const { mean, standardError } = meanOf(values);
  return { mean, ...(values.length > 1 && { standardError }) };
}

function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
