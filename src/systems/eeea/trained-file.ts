import { join } from "node:path";
import { z } from "zod";
import { packageRoot, type StepContext } from "../../core";
import { loadDataset } from "../../data";
import {
  ACCURACIES,
  type Accuracies,
  accuraciesOf,
  type TableEvaluator,
  TRAINED_ROWS,
  type TrainedRow,
  trainedCells,
  trainedTable,
} from "../../evaluate";
import { orderedSearcher } from "../../search";
import { type Provenance, provenanceOf, runSearch, withKeptOutcomes } from "../../study";
import { readStoredResults, type StoredKind, writeGzippedResults } from "../../study/stored-results";
import type { EeeaRun, ExitLimit } from "./run-arm";
import { evaluationsOf } from "./settings";
import { type TrainedSearches, trainedSearches } from "./trained-searches";
import { TRAINED } from "./trained-settings";
import { drawnLimits, finalSizes, smallPairSpace } from "./trained-space";

type TrainedArm = (typeof TRAINED.arms)[number];

/** What the members of the file mean, beside them. */
const DEFINITIONS = {
  cells:
    "by canonical key of a pair of cells: validation and test accuracy (percent) of the small network after its training; multiply-adds and parameters of the network at its final size",
  trainedMacs: "by the same key: multiply-adds of the small network, of one image",
  again: "the first networks of random search, trained from another seed: validation and test accuracy",
  limits: "early exits: most parameters at the final size, and the share of the random pairs that are within",
  arms: "by search: keys in the order of their evaluation, and draws that were beyond the limit, of the first generation and of all others",
};

/** Networks that searches trained, and the searches. Plain JSON. */
export interface StoredTrained {
  readonly settings: typeof TRAINED;
  readonly definitions: typeof DEFINITIONS;
  readonly cells: Readonly<Record<string, TrainedRow>>;
  readonly trainedMacs: Readonly<Record<string, number>>;
  readonly again: Readonly<Record<string, Accuracies>>;
  readonly limits: Readonly<Partial<Record<TrainedArm, ExitLimit>>>;
  readonly arms: Readonly<Record<TrainedArm, readonly EeeaRun[]>>;
  readonly provenance: Provenance;
}

/** Where the searches lie once they were made, below the package or the folder of one's own results. */
export function trainedFile(root: string = packageRoot()): string {
  return join(root, "data", "benchmarks", "eeea-fashion-mnist.json.gz");
}

/**
 * Runs the searches that train their networks, a second or two each on one thread, and writes what came of it. Each training is
 * in a journal when it is done; none is done twice, whether a call was stopped or killed.
 * @param place Where the journals lie, and where the results are to be.
 * @throws InterruptedError when stopped; the same call goes on.
 */
export async function writeTrained(
  place: { readonly runs: string; readonly file: string; readonly command: string },
  context: StepContext = {},
): Promise<StoredTrained> {
  const { finished: _, ...code } = provenanceOf(place.command);
  const { name, ...division } = TRAINED.data;
  const data = await loadDataset(name, division, context);
  const space = smallPairSpace();
  const evaluator = (seed: number) => trainedCells({ name: "eeea", space, data, training: TRAINED.training, seed });
  const limits = drawnLimits();
  const searches = await withKeptOutcomes(
    evaluator(TRAINED.seed),
    space,
    join(place.runs, "eeea-trained"),
    (kept) => trainedSearches(space, kept, { ...TRAINED, limits, sizeOf: finalSizes() }, context),
    context,
  );
  const repeated = searches.arms
    .random![0].keys.split(" ")
    .slice(0, TRAINED.again.networks)
    .map((key) => searches.networks.get(key)!.pair);
  const again = await runSearch(
    orderedSearcher(space, repeated),
    evaluator(TRAINED.again.seed),
    join(place.runs, "eeea-again"),
    { evaluations: repeated.length, settings: { space: space.name, network: TRAINED.network } },
    context,
  );
  const stored: StoredTrained = {
    settings: TRAINED,
    definitions: DEFINITIONS,
    cells: rowsOf(searches),
    trainedMacs: Object.fromEntries(Array.from(searches.networks, ([key, { outcome }]) => [key, outcome.costs.macs])),
    again: Object.fromEntries(again.map((told) => [told.trial.key, accuraciesOf(told)])),
    limits,
    arms: searches.arms as StoredTrained["arms"],
    provenance: { ...code, finished: new Date().toISOString() },
  };
  writeGzippedResults(place.file, stored);
  return stored;
}

function rowsOf({ networks }: TrainedSearches): Record<string, TrainedRow> {
  return Object.fromEntries(
    Array.from(networks, ([key, { outcome, macs, params }]): [string, TrainedRow] => [
      key,
      [...accuraciesOf({ outcome }), macs, params],
    ]),
  );
}

const KIND: StoredKind = { study: "eeea-trained", what: "the searches of EEEA-Net that trained their networks" };
const limit = z.object({ params: z.number(), within: z.number().min(0).max(1) });
const run = z.object({
  seed: z.number(),
  keys: z.string().refine((keys) => keys.split(" ").length === evaluationsOf(TRAINED), {
    message: `must be ${evaluationsOf(TRAINED)} pairs of cells`,
  }),
  refused: z.tuple([z.number(), z.number()]),
});

/** What figures are computed from. */
const schema = z
  .looseObject({
    cells: TRAINED_ROWS,
    trainedMacs: z.record(z.string(), z.number()),
    again: z.record(z.string(), ACCURACIES),
    limits: z.record(z.string(), limit),
    arms: z.object(
      Object.fromEntries(TRAINED.arms.map((arm) => [arm, z.array(run).length(TRAINED.seeds)])) as Record<
        TrainedArm,
        z.ZodArray<typeof run>
      >,
    ),
  })
  .refine(
    ({ cells, trainedMacs, arms }) =>
      Object.values(arms).every((runs) =>
        runs.every(({ keys }) => keys.split(" ").every((key) => key in cells && key in trainedMacs)),
      ),
    { message: "every network of a search must be among its cells" },
  );

/** The stored searches. @throws DataError when the file is absent, damaged, or another one. */
export function storedTrained(path: string = trainedFile()): StoredTrained {
  return readStoredResults(path, schema, KIND);
}

/** The networks that were trained as an evaluator of their keys; costs are those at the final size. */
export function trainedPairs({ cells }: StoredTrained): TableEvaluator {
  return trainedTable("EEEA-Net's cells, Fashion-MNIST", cells);
}
