import { fingerprint } from "../../core";
import type { Dataset } from "../../data";
import { type Evaluator, labelFree, namedBudget, type StageState, stagesOf, trainedAccuracy } from "../../evaluate";
import {
  evolutionSearcher,
  type Goal,
  nsga2Searcher,
  randomSearcher,
  type Searcher,
  stagedEvolution,
  tpeSearcher,
} from "../../search";
import type { CellArchitecture, Space } from "../../space";
import { smallCellCode } from "../csnas";
import { smallCellSpace } from "../econas";
import { smallPairSpace } from "../eeea";
import { tableSpace } from "../pnas";
import type { TrialConfig } from "./trial-config";
import type { TrialSpaceName } from "./trial-defaults";

/** Architectures as a searcher and an evaluator pass them on: what they are only their space knows. */
export type TrialSpace = Space<unknown, CellArchitecture>;

const SPACES: Readonly<Record<TrialSpaceName, () => TrialSpace>> = {
  "csnas-repaired": () => opened(smallCellCode("repaired")),
  "csnas-released": () => opened(smallCellCode("released")),
  "econas-small": () => opened(smallCellSpace()),
  "eeea-small": () => opened(smallPairSpace()),
  "pnas-small": () => opened(tableSpace()),
};

function opened<A>(space: Space<A, CellArchitecture>): TrialSpace {
  return space as unknown as TrialSpace;
}

/** The space, its networks of the shape and classes of the images. */
export function trialSpace(name: TrialSpaceName, data: Pick<Dataset, "shape" | "classes">): TrialSpace {
  const space = SPACES[name]();
  return {
    ...space,
    architecture: (a) => ({ ...space.architecture(a), input: data.shape, classes: data.classes.length }),
  };
}

/** What a search goes by. */
export function trialGoal({ evaluator }: Pick<TrialConfig, "evaluator">): Goal {
  return evaluator.kind === "label-free" ? { minimise: "loss" } : { maximise: "validation" };
}

/** @throws ConfigError when the searcher's options do not fit each other or the space. */
export function trialSearcher(space: TrialSpace, config: TrialConfig): Searcher<unknown> {
  const { seed, evaluator } = config;
  const goal = { ...trialGoal(config), seed };
  const { searcher } = config;
  switch (searcher.kind) {
    case "random":
      return randomSearcher(space, goal);
    case "tpe":
      return tpeSearcher(space, { ...goal, ...optionsOf(searcher) });
    case "evolution":
      return evolutionSearcher(space, { ...goal, ...optionsOf(searcher) });
    case "nsga2": {
      const { maximise, minimise } = goal;
      const goals = { maximise: maximise ? [maximise] : [], minimise: [...(minimise ? [minimise] : []), "macs"] };
      return nsga2Searcher(space, { ...optionsOf(searcher), ...goals, seed });
    }
    case "staged-evolution": {
      const { stages, ...own } = optionsOf(searcher);
      const { proxy, epochs } = evaluator as Extract<TrialConfig["evaluator"], { kind: "trained-accuracy" }>;
      const budgets = stagesOf(namedBudget(proxy!), stages);
      return stagedEvolution(space, { ...goal, ...own, stages: budgets, final: { epochs } });
    }
  }
}

function optionsOf<Given extends { readonly kind: string }>({ kind: _, ...options }: Given): Omit<Given, "kind"> {
  return options;
}

/**
 * @param states Folder of weights that later stages go on from.
 * @throws ConfigError when an option is out of range.
 */
export function trialEvaluator(
  space: TrialSpace,
  data: Dataset,
  config: TrialConfig,
  states: string,
): Evaluator<unknown, StageState> {
  const { seed, evaluator } = config;
  if (evaluator.kind === "label-free") {
    const { kind: _, ...training } = evaluator;
    return labelFree({ name: config.system, space, data, training, seed });
  }
  const { kind: _, epochs, proxy, ...training } = evaluator;
  const trained = trainedAccuracy(space, { data, epochs, training, seed, states, test: true });
  if (proxy === undefined || config.searcher.kind === "staged-evolution") return trained;
  const budget = namedBudget(proxy);
  return {
    ...trained,
    fingerprint: fingerprint({ of: trained.fingerprint, budget }),
    evaluate: (architecture, _budget, from, context) => trained.evaluate(architecture, budget, from, context),
  };
}
