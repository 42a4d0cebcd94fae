import { join } from "node:path";
import { z } from "zod";
import { breathe, fingerprint, Progress, packageRoot, type StepContext, writeJson } from "../../core";
import { type Provenance, provenanceOf } from "../../study";
import { readStoredResults } from "../../study/stored-results";
import { proxyBenchmark } from "./proxy-benchmark";
import { type EconasRun, runEconasArm } from "./run-arm";
import { ECONAS_ARMS, type EconasArmName, PROXY_BENCHMARKS, type ProxyBenchmarkName, SEARCHES } from "./settings";
import type { StoredTrainings } from "./stored-trainings";

/** What the members of the file mean, beside them. */
const DEFINITIONS = {
  trainings: "fingerprint of the trainings that were searched",
  trials:
    "evaluations in their order: the stage, from 1, or 0 for the full setting, and the network by its six digits of NAS-Bench-201",
};

export type StoredEconasRuns = Readonly<
  Record<ProxyBenchmarkName, Readonly<Record<EconasArmName, readonly EconasRun[]>>>
>;

/** The raw results: which networks each search evaluated, and how far. Plain JSON. */
export interface StoredEconas {
  readonly settings: typeof SEARCHES;
  readonly definitions: typeof DEFINITIONS;
  readonly trainings: string;
  readonly arms: StoredEconasRuns;
  readonly provenance: Provenance;
}

/** Where the results lie that ship with the package. */
export function econasFile(): string {
  return join(packageRoot(), "notebooks", "expected", "11_econas.json");
}

/** Names trainings by what searches see of them. */
export function trainingsName({ staged, full, stages }: StoredTrainings): string {
  return fingerprint({ staged, full, stages });
}

/**
 * Runs all searches and writes what they evaluated; seconds, for trainings are looked up.
 * @throws InterruptedError when stopped; nothing is written then.
 */
export async function writeEconas(
  trainings: StoredTrainings,
  place: { readonly file: string; readonly command: string },
  context: StepContext = {},
): Promise<StoredEconas> {
  const { finished: _, ...code } = provenanceOf(place.command);
  const total = PROXY_BENCHMARKS.length * ECONAS_ARMS.length * SEARCHES.seeds;
  const progress = new Progress(context, "search by proxies and in the full setting", total, "searches");
  const arms = {} as Record<ProxyBenchmarkName, Record<EconasArmName, EconasRun[]>>;
  for (const name of PROXY_BENCHMARKS) {
    const benchmark = proxyBenchmark(name, trainings);
    arms[name] = {} as Record<EconasArmName, EconasRun[]>;
    for (const arm of ECONAS_ARMS) {
      arms[name][arm] = [];
      for (let seed = 1; seed <= SEARCHES.seeds; seed++) {
        progress.throwIfStopped();
        await breathe();
        arms[name][arm].push(runEconasArm(arm, benchmark, seed));
        progress.advance();
      }
    }
  }
  const provenance = { ...code, finished: new Date().toISOString() };
  const stored: StoredEconas = {
    settings: SEARCHES,
    definitions: DEFINITIONS,
    trainings: trainingsName(trainings),
    arms,
    provenance,
  };
  writeJson(place.file, stored);
  return stored;
}

const runSchema = z.object({ seed: z.number(), trials: z.string().regex(/^\d:[0-4]{6}( \d:[0-4]{6})*$/) });

function ofEach<Name extends string, T extends z.ZodType>(names: readonly Name[], schema: T) {
  return z.object(Object.fromEntries(names.map((name) => [name, schema])) as Record<Name, T>);
}

/** What figures are computed from. */
const storedSchema = z.looseObject({
  settings: z.looseObject({ seeds: z.number() }),
  trainings: z.string(),
  arms: ofEach(PROXY_BENCHMARKS, ofEach(ECONAS_ARMS, z.array(runSchema).length(SEARCHES.seeds))),
});

/** The stored results. @throws DataError when the file is absent, or another one. */
export function storedEconas(path: string = econasFile()): StoredEconas {
  return readStoredResults(path, storedSchema, { study: "econas", what: "the stored searches of EcoNAS" });
}
