import { existsSync } from "node:fs";
import { join } from "node:path";
import { BlockwiseError, ConfigError, fingerprint } from "../core";
import { engine } from "../engine";
import { copyRun } from "./copy-run";
import type { RunContext } from "./run-context";
import { RunDirectory } from "./run-directory";

/** What is swept: every combination is run. */
export interface SweepPlan {
  readonly seeds: readonly number[];
  /** Values by the experiment's key, "split", "distill.epochs" or "search.macs". */
  readonly settings: Readonly<Record<string, readonly unknown[]>>;
}

/** One combination. */
export interface SweepPoint {
  /** Its folder's name. */
  readonly name: string;
  readonly seed: number;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What came of one combination. */
export interface SweptRun<Outcome> extends SweepPoint {
  /** Of the run's directory. */
  readonly path: string;
  readonly outcome: Outcome;
}

export interface SweepOptions {
  /** Folder of all runs; those that are there are resumed, or only read where they are complete. */
  readonly directory: string;
  /** Of the engine; what is in use when left out. */
  readonly threads?: number;
  /** Told when a run begins. */
  readonly onRun?: (point: SweepPoint, index: number, total: number) => void;
}

/** A system whose experiments can be swept. */
export interface SweptSystem<Config, Prepared, Outcome> {
  /** @throws ConfigError naming what is wrong with an experiment as a user writes it. */
  parse(written: unknown, where: string): Config;
  /** Checks what can be known before anything is trained. */
  prepare(config: Config): Promise<Prepared>;
  /** Does what of the run is not done yet. */
  run(config: Config, run: RunDirectory, context: RunContext, prepared: Prepared): Promise<Outcome>;
}

interface PreparedPoint<Config, Prepared> {
  readonly point: SweepPoint;
  readonly config: Config;
  readonly prepared: Prepared;
}

/**
 * All combinations of settings and seeds, those of one seed together.
 * @throws ConfigError when nothing is swept, or a value comes twice.
 */
export function sweepPoints({ seeds, settings }: SweepPlan): SweepPoint[] {
  if (seeds.length === 0) throw new ConfigError("sweep: there must be at least one seed, got none; e.g. 1..3");
  let combinations: Record<string, unknown>[] = [{}];
  for (const [key, values] of [["seeds", seeds], ...Object.entries(settings)] as [string, readonly unknown[]][]) {
    if (!Array.isArray(values) || values.length === 0) {
      throw new ConfigError(`sweep: ${key} must have a list of values, at least one, got ${JSON.stringify(values)}`, {
        key,
      });
    }
    const texts = values.map((value) => JSON.stringify(value));
    const twice = texts.find((text, i) => texts.indexOf(text) !== i);
    if (twice) throw new ConfigError(`sweep: ${key} has ${twice} twice; each value once`, { key });
    if (key === "seeds") continue;
    if (key === "seed" || key === "name") {
      throw new ConfigError(
        `sweep: ${key} is ${key === "seed" ? "swept by seeds (--seeds 1..3)" : "the folder's of each run"}, not a setting`,
        { key },
      );
    }
    combinations = combinations.flatMap((one) => values.map((value) => ({ ...one, [key]: value })));
  }
  return seeds.flatMap((seed) =>
    combinations.map((settings) => ({ name: folderName(settings, seed), seed, settings })),
  );
}

/**
 * Runs an experiment for all combinations, one run directory each. All combinations are checked before anything is trained. A
 * run begins from one of the same seed that is there already: the steps that they share, such as a teacher, are not done
 * again. Stopped, it goes on where it was when called again.
 * @param written The experiment as a user writes it.
 * @returns In the order in which they ran.
 * @throws ConfigError naming the combination and what is wrong with it; InterruptedError when stopped.
 */
export async function sweepRuns<Config extends object, Prepared, Outcome>(
  system: SweptSystem<Config, Prepared, Outcome>,
  written: Readonly<Record<string, unknown>>,
  plan: SweepPlan,
  { directory, threads = engine.info().threads, onRun }: SweepOptions,
  context: RunContext = {},
): Promise<SweptRun<Outcome>[]> {
  const all: PreparedPoint<Config, Prepared>[] = [];
  for (const point of sweepPoints(plan)) all.push(await preparePoint(system, written, point, threads));
  const runs: SweptRun<Outcome>[] = [];
  for (const [i, { point, config, prepared }] of all.entries()) {
    onRun?.(point, i, all.length);
    const path = join(directory, point.name);
    if (!existsSync(join(path, "journal.jsonl"))) {
      const before = runs.filter(({ seed }) => seed === point.seed).at(-1);
      if (before) copyRun(before.path, path);
    }
    const run = RunDirectory.open(path, config, { mayChange: true });
    try {
      runs.push({ ...point, path, outcome: await system.run(config, run, context, prepared) });
    } finally {
      run.close();
    }
  }
  return runs;
}

async function preparePoint<Config extends object, Prepared, Outcome>(
  system: SweptSystem<Config, Prepared, Outcome>,
  written: Readonly<Record<string, unknown>>,
  point: SweepPoint,
  threads: number,
): Promise<PreparedPoint<Config, Prepared>> {
  const where = `sweep, ${point.name}`;
  let asked: Readonly<Record<string, unknown>> = written;
  for (const [key, value] of Object.entries(point.settings)) asked = withSetting(asked, key.split("."), value, where);
  const config = { ...system.parse({ ...asked, seed: point.seed }, where), name: point.name, threads };
  try {
    return { point, config, prepared: await system.prepare(config) };
  } catch (error) {
    if (error instanceof BlockwiseError) error.message = `${where}: ${error.message}`;
    throw error;
  }
}

function withSetting(
  object: Readonly<Record<string, unknown>>,
  [key, ...rest]: readonly string[],
  value: unknown,
  where: string,
): Readonly<Record<string, unknown>> {
  if (rest.length === 0) return { ...object, [key]: value };
  const inner = object[key] ?? {};
  if (typeof inner !== "object" || Array.isArray(inner)) {
    throw new ConfigError(
      `${where}: ${key} is ${JSON.stringify(inner)} in the experiment and has no ${rest.join(".")}`,
    );
  }
  return { ...object, [key]: withSetting(inner as Record<string, unknown>, rest, value, where) };
}

/** "split-3-seed1": letters, digits, dots and dashes; long values by their fingerprint. */
function folderName(settings: Readonly<Record<string, unknown>>, seed: number): string {
  const words = Object.entries(settings).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return `${key}-${/^[\w.%-]{1,24}$/.test(text) ? text.replace("%", "pc") : fingerprint(value).slice(0, 8)}`;
  });
  return [...words, `seed${seed}`].join("-").replace(/[^\w.-]/g, "_");
}
