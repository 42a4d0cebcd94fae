import { Progress, type StepContext } from "../../core";
import type { Evaluator } from "../../evaluate";
import type { Outcome } from "../../search";
import type { CellPair, Space } from "../../space";
import { armRun, type EeeaRun, type ExitLimit, eeeaSearcher, trialsOf } from "./run-arm";
import { EEEA_ARMS, type EeeaArm, type EeeaArmName, evaluationsOf, type SearchPlan } from "./settings";
import type { FinalSize } from "./trained-space";

/** Searches whose networks are trained. */
export interface TrainedPlan extends SearchPlan {
  readonly arms: readonly EeeaArmName[];
  readonly limits: Readonly<Partial<Record<EeeaArmName, ExitLimit>>>;
  /** Of the network at its final size, see `finalSizes`. */
  readonly sizeOf: (pair: CellPair) => FinalSize;
}

/** All searches, and all networks that they trained. */
export interface TrainedSearches {
  readonly arms: Readonly<Partial<Record<EeeaArmName, readonly EeeaRun[]>>>;
  /** By key, in the order of their first evaluation; costs are those of the network that was trained. */
  readonly networks: ReadonlyMap<string, { readonly pair: CellPair; readonly outcome: Outcome } & FinalSize>;
}

/**
 * Searches by training. Objectives and early exit count a network at its final size, as the paper does; what is trained is the
 * small network of the same cells. All searches of a seed come before those of the next.
 * @param evaluator Trains the small networks; one that keeps outcomes trains none twice, whichever search asks.
 * @throws InterruptedError when stopped.
 */
export async function trainedSearches(
  space: Space<CellPair, unknown>,
  evaluator: Evaluator<CellPair, never>,
  plan: TrainedPlan,
  context: StepContext = {},
): Promise<TrainedSearches> {
  const { sizeOf } = plan;
  const evaluations = evaluationsOf(plan);
  const total = plan.arms.length * plan.seeds * evaluations;
  const progress = new Progress(context, "searches that train their networks", total, "networks");
  const arms: Partial<Record<EeeaArmName, EeeaRun[]>> = {};
  const networks = new Map<string, { pair: CellPair; outcome: Outcome } & FinalSize>();
  for (let seed = 1; seed <= plan.seeds; seed++) {
    for (const name of plan.arms) {
      const arm: EeeaArm = EEEA_ARMS[name];
      const limit = plan.limits[name];
      const exit = limit && { of: (pair: CellPair) => sizeOf(pair).params, limit: limit.params };
      const searcher = eeeaSearcher(space, arm, plan, exit, seed);
      const keys: string[] = [];
      for (const trial of trialsOf(searcher, evaluations)) {
        progress.throwIfStopped();
        const pair = trial.architecture;
        const outcome = await evaluator.evaluate(pair, undefined, undefined, context);
        const size = sizeOf(pair);
        searcher.tell(trial, { ...outcome, costs: { ...outcome.costs, ...size } });
        keys.push(trial.key);
        networks.set(trial.key, { pair, outcome, ...size });
        progress.advance();
      }
      arms[name] = [...(arms[name] ?? []), armRun(seed, keys, searcher)];
    }
  }
  return { arms, networks };
}
