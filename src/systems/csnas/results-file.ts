import { join } from "node:path";
import { z } from "zod";
import { packageRoot, type StepContext, writeJson } from "../../core";
import { ACCURACIES, type Accuracies, accuraciesOf } from "../../evaluate";
import type { ToldTrial } from "../../search";
import type { CellGraph } from "../../space";
import { type Provenance, provenanceOf } from "../../study";
import { readStoredResults } from "../../study/stored-results";
import { chosenCells } from "./chosen-cells";
import { type CsnasRun, runCsnasArm, type ScoreTable, type SearchSizes } from "./run-arm";
import { CSNAS_ARM_NAMES, CSNAS_SEARCHES, CSNAS_SETTINGS, type CsnasArmName, type CsnasSettings } from "./settings";
import { csnasData, trainFinals, trainScores } from "./trainings";

/** What the members of the file mean, beside them. */
const DEFINITIONS = {
  cells:
    "by canonical key: contrastive loss without labels (nats, null: diverged), validation and test accuracy with labels (percent), multiply-adds, parameters; in the order that searches name cells by",
  again: "the first cells from another seed: loss without labels; validation and test accuracy",
  pirl: "the first cells by PIRL's form of the loss, which is of another scale",
  variants: "by variant of the training, the first cells: loss without labels",
  arms: "by search: places of the cells in the order of their evaluation, from 0, and of the choice",
  finals: "what searches chose, trained with labels for longer: validation and test accuracy by seed",
  probes:
    "a linear classifier of the features that a network has after training without labels, and before: test accuracy (percent) by seed",
};

/** A network of the table; NaN where a training diverged, which is null in JSON. */
export type CellRow = readonly [loss: number, validation: number, test: number, macs: number, params: number];
export type ProbeRow = readonly [probe: number, untrained: number];

/** The raw results. Plain JSON. */
export interface StoredCsnas {
  readonly settings: CsnasSettings;
  readonly searches: SearchSizes;
  readonly definitions: typeof DEFINITIONS;
  readonly cells: Readonly<Record<string, CellRow>>;
  readonly again: {
    readonly labelFree: Readonly<Record<string, number>>;
    readonly labelled: Readonly<Record<string, Accuracies>>;
  };
  readonly pirl: Readonly<Record<string, number>>;
  readonly variants: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly arms: Readonly<Record<CsnasArmName, readonly CsnasRun[]>>;
  readonly finals: Readonly<Record<string, readonly Accuracies[]>>;
  readonly probes: Readonly<Record<string, readonly ProbeRow[]>>;
  /** Of all networks of the table together, by the clock. */
  readonly seconds: { readonly labelFree: number; readonly labelled: number };
  readonly provenance: Provenance;
}

/** Where the results lie that ship with the package. */
export function csnasFile(): string {
  return join(packageRoot(), "notebooks", "expected", "13_csnas.json");
}

/**
 * Scores all networks of the space, searches the table, trains what was chosen, and writes it: 25 minutes of one core. A call
 * that was stopped or killed goes on.
 * @param place Where the journals lie, and where the results are to be.
 * @throws InterruptedError when stopped.
 */
export async function writeCsnas(
  place: { readonly runs: string; readonly file: string; readonly command: string },
  context: StepContext = {},
  settings: CsnasSettings = CSNAS_SETTINGS,
  searches: SearchSizes = CSNAS_SEARCHES,
): Promise<StoredCsnas> {
  const { finished: _, ...code } = provenanceOf(place.command);
  const data = await csnasData(settings, context);
  const table = await trainScores(settings, data, place.runs, context);
  const graphs = table.labelFree.map(({ trial }) => trial.architecture);
  const rows = table.labelFree.map(({ trial, outcome: { values } }, i): [string, CellRow] => {
    const { outcome } = table.labelled[i];
    const { validation, test } = outcome.values;
    return [trial.key, [values.loss, validation, test, outcome.costs.macs, outcome.costs.params]];
  });
  const scores: ScoreTable = {
    keys: rows.map(([key]) => key),
    scores: rows.map(([, [loss, validation]]) => ({ loss, validation })),
  };
  const arms = Object.fromEntries(
    CSNAS_ARM_NAMES.map((name) => [
      name,
      Array.from({ length: searches.seeds }, (_, i) => runCsnasArm(name, i + 1, scores, settings, searches)),
    ]),
  ) as unknown as Record<CsnasArmName, CsnasRun[]>;
  const { final, probed } = chosenCells(arms, scores);
  const finals = await trainFinals(
    final.map((at) => graphs[at]),
    probed.map((at) => graphs[at]),
    settings,
    data,
    place.runs,
    context,
  );
  const stored: StoredCsnas = {
    settings,
    searches,
    definitions: DEFINITIONS,
    cells: Object.fromEntries(rows),
    again: {
      labelFree: Object.fromEntries(table.again.labelFree.map(lossRow)),
      labelled: Object.fromEntries(table.again.labelled.map((told) => [told.trial.key, accuraciesOf(told)])),
    },
    pirl: Object.fromEntries(table.pirl.map(lossRow)),
    variants: Object.fromEntries(
      Object.entries(table.variants).map(([name, told]) => [name, Object.fromEntries(told.map(lossRow))]),
    ),
    arms,
    finals: byKey(finals.labelled, accuraciesOf),
    probes: byKey(finals.probes, ({ outcome: { values } }): ProbeRow => [values.probe, values.untrained]),
    seconds: { labelFree: secondsOf(table.labelFree), labelled: secondsOf(table.labelled) },
    provenance: { ...code, finished: new Date().toISOString() },
  };
  writeJson(place.file, stored);
  return stored;
}

type Told = ToldTrial<CellGraph>;

function lossRow({ trial, outcome }: Told): [string, number] {
  return [trial.key, outcome.values.loss];
}

function byKey<T>(seeds: readonly (readonly Told[])[], of: (told: Told) => T): Record<string, T[]> {
  return Object.fromEntries(seeds[0].map(({ trial }, i) => [trial.key, seeds.map((told) => of(told[i]))]));
}

function secondsOf(told: readonly Told[]): number {
  return Number(told.reduce((sum, { outcome }) => sum + (outcome.seconds ?? 0), 0).toFixed(1));
}

const lossSchema = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const percentSchema = z.number().min(0).max(100);
const runSchema = z.object({
  seed: z.number(),
  cells: z.string().regex(/^\d+( \d+)*$/),
  chosen: z.number(),
});

/** What figures are computed from. */
const storedSchema = z
  .looseObject({
    searches: z.looseObject({ seeds: z.number(), evaluations: z.number() }),
    cells: z.record(z.string(), z.tuple([lossSchema, ...ACCURACIES.def.items, z.number(), z.number()])),
    again: z.object({ labelFree: z.record(z.string(), lossSchema), labelled: z.record(z.string(), ACCURACIES) }),
    pirl: z.record(z.string(), lossSchema),
    // Not in files that were written before there were any.
    variants: z.record(z.string(), z.record(z.string(), lossSchema)).default({}),
    arms: z.object(
      Object.fromEntries(CSNAS_ARM_NAMES.map((arm) => [arm, z.array(runSchema).min(1)])) as unknown as Record<
        CsnasArmName,
        z.ZodType
      >,
    ),
    finals: z.record(z.string(), z.array(ACCURACIES).min(1)),
    probes: z.record(z.string(), z.array(z.tuple([percentSchema, percentSchema])).min(1)),
  })
  .refine(
    ({ cells, arms }) => {
      const count = Object.keys(cells).length;
      const runs = Object.values(arms as StoredCsnas["arms"]).flat();
      return runs.every((run) => [run.chosen, ...run.cells.split(" ").map(Number)].every((place) => place < count));
    },
    { message: "every network of a search must be among its cells" },
  );

/** The stored results. @throws DataError when the file is absent, or another one. */
export function storedCsnas(path: string = csnasFile()): StoredCsnas {
  return readStoredResults(path, storedSchema, { study: "csnas", what: "the stored searches of CSNAS" });
}
