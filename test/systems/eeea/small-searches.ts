import { syntheticDataset } from "../../../src/data";
import { type Evaluator, trainedCells } from "../../../src/evaluate";
import { type CellPair, cellPairSpace, dartsNetwork } from "../../../src/space";
import { withKeptOutcomes } from "../../../src/study";
import { finalSizes, TRAINED, type TrainedSearches, trainedSearches } from "../../../src/systems/eeea";

const data = syntheticDataset({ count: 128, validationCount: 64, testCount: 16 });
const scale = { channels: 2, layers: 3, input: data.shape, classes: data.classes.length };

export const space = cellPairSpace({
  name: "eeea-tiny",
  ops: ["skip", "max3", "sep3"],
  nodes: 2,
  reads: "one more each",
  output: "unused",
  network: (cells) => dartsNetwork("eeea-tiny", cells, scale),
});
export const cells = trainedCells({ name: "eeea", space, data, training: TRAINED.training, seed: 1 });

/** Searches with and without early exit by training, two generations of three networks each. */
export function searched(folder: string, evaluator: Evaluator<CellPair, never>): Promise<TrainedSearches> {
  const limits = { "ga-50": { params: 750_000, within: 0.5 } };
  const plan = {
    arms: ["ga", "ga-50"] as const,
    seeds: 1,
    population: 3,
    generations: 2,
    mutation: 0.1,
    limits,
    sizeOf: finalSizes(),
  };
  return withKeptOutcomes(evaluator, space, folder, (kept) => trainedSearches(space, kept, plan));
}
