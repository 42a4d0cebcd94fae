import { join } from "node:path";
import { z } from "zod";
import { packageRoot, type StepContext, writeJson } from "../../core";
import { ACCURACIES, type Accuracies } from "../../evaluate";
import { type Provenance, provenanceOf } from "../../study";
import { readStoredResults } from "../../study/stored-results";
import { csnasData, type StoredCsnas, storedCsnas } from "../csnas";
import { type DartsRun, runDarts } from "./run-darts";
import { bestRated, type DnaRun, runDna } from "./run-dna";
import {
  type LookedUpSystem,
  rounded,
  type SearchedTrainings,
  type SystemRun,
  searchSystem,
  sum,
} from "./search-system";
import { SIX_SETTINGS, type SixSettings, SYSTEM_NAMES, type SystemName } from "./settings";
import { type SharedTable, sharedTable, type TimedRow, trainingCosts } from "./shared-table";
import {
  type SharedTrainings,
  type StageRow,
  timeTrainings,
  trainAgain,
  trainOneNode,
  trainProxyStages,
} from "./trainings";

/** What the members of the file mean, beside them. */
const DEFINITIONS = {
  timed:
    "some networks of CSNAS' table: processor seconds of a labelled training and of a score without labels, from which all costs follow",
  stages:
    "by network, each stage of EcoNAS' proxy: validation accuracy (percent), processor seconds of the stage alone",
  oneNode: "cells of one node, with which PNAS begins: validation and test accuracy of the labelled training",
  dna: "by seed: test accuracy of the teacher; by network of the table and block the distance from the teacher; processor seconds of teacher, distillation and rating",
  darts: "by seed: the cell that the mixture came to, the mixture's validation accuracy, processor seconds",
  runs: "by system and seed: the choice, networks trained for it, their cost in trainings of the table's mean network",
  again: "all choices, trained from seeds that no search saw: validation and test accuracy by seed",
};

/** The raw results. Plain JSON. */
export interface StoredSystems {
  readonly settings: SixSettings;
  readonly definitions: typeof DEFINITIONS;
  /** Of the file with the table that all systems searched: its sha256 is checked where it is read. */
  readonly table: { readonly study: "csnas"; readonly commit: string | null; readonly finished: string };
  readonly timed: Readonly<Record<string, TimedRow>>;
  readonly stages: Readonly<Record<string, StageRow>>;
  readonly oneNode: Readonly<Record<string, Accuracies>>;
  readonly dna: readonly DnaRun[];
  readonly darts: readonly DartsRun[];
  readonly runs: Readonly<Record<SystemName, readonly SystemRun[]>>;
  readonly again: Readonly<Record<string, readonly Accuracies[]>>;
  readonly provenance: Provenance;
}

/** Where the results lie that ship with the package. */
export function systemsFile(): string {
  return join(packageRoot(), "notebooks", "expected", "20_systems.json");
}

/**
 * Searches one table with all six systems: trains what they need beside it, searches, trains their choices again, and writes it:
 * a quarter of an hour of one core. A call that was stopped or killed goes on.
 * @param place Where journals lie, and where the results are to be.
 * @param csnas The stored table.
 * @throws InterruptedError when stopped.
 */
export async function writeSystems(
  place: { readonly runs: string; readonly file: string; readonly command: string },
  context: StepContext = {},
  settings: SixSettings = SIX_SETTINGS,
  csnas: StoredCsnas = storedCsnas(),
): Promise<StoredSystems> {
  const { finished: _, ...code } = provenanceOf(place.command);
  const table = sharedTable(csnas);
  const data = await csnasData(csnas.settings, context);
  const of: SharedTrainings = { table, settings, data, runs: place.runs };
  const timed = await timeTrainings(of, context);
  const dna: DnaRun[] = [];
  const darts: DartsRun[] = [];
  for (const seed of settings.seeds.trained) {
    dna.push(await runDna(of, seed, context));
    darts.push(await runDarts(of, seed, context));
  }
  const oneNode = await trainOneNode(of, context);
  const stages = await trainProxyStages(of, context);
  const soFar = { timed, stages, oneNode, dna, darts };
  const runs = systemRuns(soFar, table, settings);
  const again = await trainAgain(chosenKeys(runs, table), of, context);
  const { commit, finished } = csnas.provenance;
  const stored: StoredSystems = {
    settings,
    definitions: DEFINITIONS,
    table: { study: "csnas", commit: commit ?? null, finished },
    ...soFar,
    runs,
    again,
    provenance: { ...code, finished: new Date().toISOString() },
  };
  writeJson(place.file, stored);
  return stored;
}

/** Every search of every system, from what was trained for them. */
export function systemRuns(
  { timed, stages, oneNode, dna, darts }: Pick<StoredSystems, "timed" | "stages" | "oneNode" | "dna" | "darts">,
  table: SharedTable,
  settings: SixSettings,
): Record<SystemName, SystemRun[]> {
  const costs = trainingCosts(table, timed);
  const of: SearchedTrainings = { table, costs, stages, oneNode };
  const lookedUp = (system: LookedUpSystem) =>
    Array.from({ length: settings.seeds.lookedUp }, (_, i) => searchSystem(system, of, settings, i + 1));
  return {
    // A teacher and a supernet.
    dna: dna.map((run) => ({
      seed: run.seed,
      chosen: table.keys[bestRated(run)],
      networks: 2,
      cost: rounded(sum(run.seconds) / costs.unit),
    })),
    pnas: lookedUp("pnas"),
    econas: lookedUp("econas"),
    eeea: lookedUp("eeea"),
    csnas: lookedUp("csnas"),
    darts: darts.map(({ seed, chosen, seconds }) => ({
      seed,
      chosen,
      networks: 1,
      cost: rounded(seconds / costs.unit),
    })),
  };
}

/** What any system chose, and the controls' choices, each once. */
function chosenKeys(runs: Readonly<Record<SystemName, readonly SystemRun[]>>, table: SharedTable): string[] {
  const chosen = SYSTEM_NAMES.flatMap((system) => runs[system].map((run) => run.chosen));
  return [...new Set([...chosen, ...Object.values(controlKeys(table)).flat()])];
}

/** What needs no search: the best of the table by either accuracy, and the largest networks, which are of equal size. */
export function controlKeys({
  evaluator,
  keys,
}: SharedTable): Readonly<Record<"validation" | "test" | "largest", string[]>> {
  const most = (of: (key: string) => number) => {
    const values = keys.map(of);
    const best = Math.max(...values.filter(Number.isFinite));
    return keys.filter((_, i) => values[i] === best);
  };
  return {
    validation: most((key) => evaluator.entries.get(key)!.validation),
    test: most((key) => evaluator.entries.get(key)!.test),
    largest: most((key) => evaluator.entries.get(key)!.macs),
  };
}

const known = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const seconds = z.number().min(0);
const run = z.object({ seed: z.number(), chosen: z.string(), networks: z.number(), cost: z.number().min(0) });

/** What figures are computed from. */
const storedSchema = z
  .looseObject({
    timed: z.record(z.string(), z.tuple([seconds, seconds])),
    stages: z.record(z.string(), z.array(z.tuple([known, seconds])).min(1)),
    oneNode: z.record(z.string(), ACCURACIES),
    dna: z.array(z.looseObject({ teacher: z.number(), ratings: z.array(z.array(known)) })).min(1),
    darts: z.array(z.looseObject({ chosen: z.string() })).min(1),
    runs: z.object(
      Object.fromEntries(SYSTEM_NAMES.map((system) => [system, z.array(run).min(1)])) as Record<
        SystemName,
        z.ZodArray<typeof run>
      >,
    ),
    again: z.record(z.string(), z.array(ACCURACIES).min(1)),
  })
  .refine(
    ({ runs, again }) => Object.values(runs).every((of) => of.every(({ chosen }) => Object.hasOwn(again, chosen))),
    {
      message: "every choice must have been trained again",
    },
  );

/** The stored results. @throws DataError when the file is absent, or another one. */
export function storedSystems(path: string = systemsFile()): StoredSystems {
  return readStoredResults(path, storedSchema, { study: "systems", what: "the stored searches of six systems" });
}
