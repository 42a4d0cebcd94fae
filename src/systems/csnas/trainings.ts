import { join } from "node:path";
import { Rng, type StepContext } from "../../core";
import { type Dataset, loadDataset } from "../../data";
import { type Evaluator, labelFree, trainedCells } from "../../evaluate";
import { orderedSearcher, type ToldTrial } from "../../search";
import type { CellGraph } from "../../space";
import { runSearch } from "../../study";
import type { ContrastiveOptions } from "../../train";
import { allCells } from "./cell-code";
import { probedCells } from "./probed-cells";
import type { CsnasSettings } from "./settings";
import { smallCellCode } from "./small-network";

type Trained = readonly ToldTrial<CellGraph>[];

/** All networks of the space, scored in both ways. */
export interface ScoreTrainings {
  readonly labelFree: Trained;
  readonly labelled: Trained;
  /** The first networks from another seed. */
  readonly again: { readonly labelFree: Trained; readonly labelled: Trained };
  /** The first networks by PIRL's form of the loss. */
  readonly pirl: Trained;
  /** The first networks by each of the variants. */
  readonly variants: Readonly<Record<string, Trained>>;
}

/** What the searches chose, trained for longer. */
export interface FinalTrainings {
  /** By seed, each of all cells. */
  readonly labelled: readonly Trained[];
  readonly probes: readonly Trained[];
}

/** All networks of the space, in an order that is drawn once and for all. */
export function csnasCells(settings: CsnasSettings): CellGraph[] {
  const cells = allCells(smallCellCode("repaired", settings));
  const order = new Rng(1).fork("csnas/cells").permutation(cells.length);
  return Array.from(order, (i) => cells[i]);
}

/** The data set that all is trained on. */
export function csnasData({ data: { name, ...division } }: CsnasSettings, context: StepContext = {}): Promise<Dataset> {
  return loadDataset(name, division, context);
}

/** Trains seconds a cell; each is in a journal when it is done. */
function trained(
  cells: readonly CellGraph[],
  evaluator: Evaluator<CellGraph, never>,
  folder: string,
  { ops, nodes, network }: CsnasSettings,
  context: StepContext,
): Promise<Trained> {
  // The number of cells is left out: a longer list begins with the shorter one.
  const options = { evaluations: cells.length, settings: { ops, nodes, network } };
  return runSearch(orderedSearcher(smallCellCode("repaired"), cells), evaluator, folder, options, context);
}

/**
 * Scores every network of the space, without labels and with. None is trained twice, whether it was stopped or killed.
 * @param runs Where the journals lie.
 * @throws InterruptedError when stopped.
 */
export async function trainScores(
  settings: CsnasSettings,
  data: Dataset,
  runs: string,
  context: StepContext = {},
): Promise<ScoreTrainings> {
  const space = smallCellCode("repaired", settings);
  const cells = csnasCells(settings);
  const { again, seed, contrastive, pirl, variants } = settings;
  const without = (of: number, form: "infonce" | "pirl" = "infonce", other: Partial<ContrastiveOptions> = {}) =>
    labelFree({ name: "csnas", space, data, training: { ...contrastive, form, ...other }, seed: of });
  const labelled = (of: number) => trainedCells({ name: "csnas", space, data, training: settings.labelled, seed: of });
  const run = (count: number, evaluator: Evaluator<CellGraph, never>, name: string) =>
    trained(cells.slice(0, count), evaluator, join(runs, `csnas-${name}`), settings, context);
  const main = {
    labelFree: await run(cells.length, without(seed), "label-free"),
    labelled: await run(cells.length, labelled(seed), "labelled"),
    again: {
      labelFree: await run(again.labelFree, without(again.seed), "label-free-again"),
      labelled: await run(again.labelled, labelled(again.seed), "labelled-again"),
    },
    pirl: await run(pirl, without(seed, "pirl"), "pirl"),
  };
  const ofVariants: Record<string, Trained> = {};
  for (const [name, { title: _, ...other }] of Object.entries(variants.trainings)) {
    const folder = `variant-${name.replaceAll(" ", "-")}`;
    ofVariants[name] = await run(variants.networks, without(seed, "infonce", other), folder);
  }
  return { ...main, variants: ofVariants };
}

/**
 * Trains what was chosen from other seeds than the searches saw: with labels for longer, and without, judged by a linear probe.
 * @param chosen Of the searches. @param probed Whose features are judged.
 * @throws InterruptedError when stopped.
 */
export async function trainFinals(
  chosen: readonly CellGraph[],
  probed: readonly CellGraph[],
  settings: CsnasSettings,
  data: Dataset,
  runs: string,
  context: StepContext = {},
): Promise<FinalTrainings> {
  const space = smallCellCode("repaired", settings);
  const { final, probe } = settings;
  const labelled: Trained[] = [];
  for (const seed of final.seeds) {
    const evaluator = trainedCells({ name: "csnas-final", space, data, training: final.training, seed });
    labelled.push(await trained(chosen, evaluator, join(runs, `csnas-final-${seed}`), settings, context));
  }
  const probes: Trained[] = [];
  for (const seed of probe.seeds) {
    const evaluator = probedCells(space, data, settings, seed);
    probes.push(await trained(probed, evaluator, join(runs, `csnas-probe-${seed}`), settings, context));
  }
  return { labelled, probes };
}
