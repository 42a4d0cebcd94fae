import { syntheticDataset } from "../../../src/data";
import { type Evaluator, trainedCells } from "../../../src/evaluate";
import { edgeTokens, ridgePredictor } from "../../../src/predictors";
import { progressiveSearcher, type ToldTrial } from "../../../src/search";
import { type CellGraph, type CellOp, pnasNetwork, pnasSpace } from "../../../src/space";
import { runSearch } from "../../../src/study";
import { PNAS_SETTINGS } from "../../../src/systems/pnas";

const data = syntheticDataset({ count: 160, validationCount: 64, testCount: 16 });
const ops: CellOp[] = ["skip", "max3"];
const scale = { repeats: 1, channels: 2, input: data.shape, classes: data.classes.length };

export const space = pnasSpace({ name: "small", ops, blocks: 2, network: (cell) => pnasNetwork("small", cell, scale) });
export const cells: Evaluator<CellGraph, never> = trainedCells({
  name: "pnas",
  space,
  data,
  training: PNAS_SETTINGS.training,
  seed: 1,
});

/** Searches cells of one and two blocks by training them; 14 trainings. */
export function grown(folder: string, evaluator: Evaluator<CellGraph, never>): Promise<ToldTrial<CellGraph>[]> {
  const settings = { maximise: "validation", seed: 3, beam: 4 };
  const predictor = ridgePredictor(edgeTokens({ ops, states: 3 }));
  const searcher = progressiveSearcher(space, { ...settings, predictor });
  return runSearch(searcher, evaluator, folder, { evaluations: 14, settings });
}
