import { type Estimate, pairedBootstrap, spearman, type TrueNetwork, tuningKeys } from "../../benchmark";
import { agreement, BUDGETS, macroKey, macroTable, PickJudge } from "../../benchmark/ranking";
import { allNetworks } from "../../search";
import type { RawRatings } from "../../study/ranking";
import { type MeanInterval, meanInterval } from "../search-comparison";
import type { StoredImproveProxy } from "./improve-proxy";
import { type ImproveProxyArmName, type ProxyTraining, picksOf, ranked } from "./improve-proxy-picks";

/** What one way of training made of the ratings. */
export interface ImproveProxyArm {
  readonly name: ImproveProxyArmName;
  /** Of all trainings together; none for the ratings as they are. */
  readonly seconds: number;
  readonly trainingMacs: number;
  /** Over the networks that neither loop trained, no tuning one. */
  readonly tau: number;
  readonly concordance: number;
  /** Mean over the twelve budgets, points. */
  readonly regret: number;
  /** Test accuracy of what it picks for the study's budgets, trained in full here from other seeds: over budgets and seeds, percent. */
  readonly picked: MeanInterval;
  /** The same less that of the ratings as they are, budget by budget and seed by seed, points; none for these. */
  readonly gain?: MeanInterval;
}

export interface ImproveProxySummary {
  readonly arms: readonly ImproveProxyArm[];
  /** Proxy over full, on the same networks. */
  readonly cost: { readonly seconds: number; readonly trainingMacs: number };
  /** Spearman's rho on the networks of the full loop: of the two, and of each with the benchmark's accuracies. */
  readonly agreement: {
    readonly both: Estimate;
    readonly proxy: Estimate;
    readonly full: Estimate;
    readonly loss: Estimate;
  };
}

/** All figures of the study. @param raw Of the seed that the study names. */
export function summariseImproveProxy(
  stored: Pick<StoredImproveProxy, "settings" | "loops" | "same" | "picked">,
  raw: RawRatings,
  truth: readonly TrueNetwork[],
): ImproveProxySummary {
  const { loops, same, settings } = stored;
  const table = macroTable(raw.blocks, raw.cuts);
  const networks = new Map(allNetworks(table).map((network) => [macroKey(network), network]));
  const known = new Set([...tuningKeys(), ...[...loops.full, ...loops.proxy].map(({ key }) => key)]);
  const reported = truth.filter(({ key }) => !known.has(key));
  const byKey = new Map(truth.map((network) => [network.key, network]));
  const judge = new PickJudge(truth);
  const chosen = picksOf(loops, raw, settings.budgets);
  /** Of each budget and seed. */
  const pickedBy = (name: ImproveProxyArmName) => chosen[name].flatMap((key) => stored.picked[key]);
  const arm = (name: ImproveProxyArmName, trainings: readonly ProxyTraining[]): ImproveProxyArm => {
    const { own, pick } = ranked(table, networks, trainings);
    const scores = new Map(allNetworks(own).map((network) => [macroKey(network), -network.score]));
    const { tau, concordance } = agreement(
      reported,
      reported.map(({ key }) => scores.get(key)!),
    );
    const { regret } = judge.of(BUDGETS.map((macs) => byKey.get(macroKey(pick(macs)))!));
    const before = pickedBy("ratings");
    return {
      name,
      seconds: sum(trainings, "seconds"),
      trainingMacs: sum(trainings, "trainingMacs"),
      tau,
      concordance,
      regret,
      picked: meanInterval(pickedBy(name)),
      ...(name !== "ratings" && { gain: meanInterval(pickedBy(name).map((accuracy, i) => accuracy - before[i])) }),
    };
  };
  const [full, proxy] = [loops.full, same].map((list) => list.map(({ validation }) => validation));
  const accuracies = loops.full.map(({ key }) => byKey.get(key)!.accuracy);
  const rho = (lists: readonly (readonly number[])[], statistic = ([x, y]: number[][]) => spearman(x, y)) =>
    pairedBootstrap(lists, statistic, "improve-proxy/bootstrap");
  return {
    arms: [arm("ratings", []), arm("proxy", loops.proxy), arm("full", loops.full)],
    cost: {
      seconds: sum(same, "seconds") / sum(loops.full, "seconds"),
      trainingMacs: sum(same, "trainingMacs") / sum(loops.full, "trainingMacs"),
    },
    agreement: {
      both: rho([proxy, full]),
      proxy: rho([proxy, accuracies]),
      full: rho([full, accuracies]),
      loss: rho([full, proxy, accuracies], ([x, y, truly]) => spearman(x, truly) - spearman(y, truly)),
    },
  };
}

function sum(trainings: readonly ProxyTraining[], of: "seconds" | "trainingMacs"): number {
  return trainings.reduce((total, one) => total + one[of], 0);
}
