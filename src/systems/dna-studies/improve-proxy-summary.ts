import { type Estimate, pairedBootstrap, spearman, type TrueNetwork, tuningKeys } from "../../benchmark";
import { agreement, BUDGETS, macroKey, macroTable, PickJudge } from "../../benchmark/ranking";
import { allNetworks, type FoundNetwork, type RatingTable, searchBest } from "../../search";
import { nasBenchMacroSpace, opName } from "../../space";
import type { RawRatings } from "../../study/ranking";
import { bestExpected, type Calibration, calibrate } from "../../surrogate";
import { type MeanInterval, meanInterval } from "../search-comparison";
import type { ProxyTraining, StoredImproveProxy } from "./improve-proxy";

/** What one way of training made of the ratings. */
export interface ImproveProxyArm {
  readonly name: "ratings" | "proxy" | "full";
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
  const chosen = picksOf(stored, raw, settings.budgets);
  /** Of each budget and seed. */
  const pickedBy = (name: ImproveProxyArm["name"]) => chosen[name].flatMap((key) => stored.picked[key]);
  const arm = (name: ImproveProxyArm["name"], trainings: readonly ProxyTraining[]): ImproveProxyArm => {
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

/** A table as trainings calibrate it, or as it is without any, and what is picked of it under a limit on MACs. */
function ranked(
  table: RatingTable,
  networks: ReadonlyMap<string, FoundNetwork>,
  trainings: readonly ProxyTraining[],
): { own: RatingTable; pick(macs: number): FoundNetwork } {
  if (trainings.length === 0) return { own: table, pick: (macs) => searchBest(table, { macs })[0] };
  const calibration = calibrated(table, networks, trainings);
  const own = calibration.calibrated(table);
  return { own, pick: (macs) => bestExpected(calibration, own, { macs }) };
}

function calibrated(
  table: RatingTable,
  networks: ReadonlyMap<string, FoundNetwork>,
  trainings: readonly ProxyTraining[],
): Calibration {
  const evidence = trainings.map(({ key, validation }) => {
    const { choice, cost } = networks.get(key)!;
    return { choice, accuracy: validation / 100, macs: cost.macs };
  });
  return calibrate(table, evidence, { ops: opsOf() });
}

function sum(trainings: readonly ProxyTraining[], of: "seconds" | "trainingMacs"): number {
  return trainings.reduce((total, one) => total + one[of], 0);
}

/** The networks that each ranking picks for the budgets, by their keys. */
export function picksOf(
  { loops }: Pick<StoredImproveProxy, "loops">,
  raw: RawRatings,
  budgets: readonly number[],
): Record<ImproveProxyArm["name"], string[]> {
  const table = macroTable(raw.blocks, raw.cuts);
  const networks = new Map(allNetworks(table).map((network) => [macroKey(network), network]));
  const of = (trainings: readonly ProxyTraining[]) => {
    const { pick } = ranked(table, networks, trainings);
    return budgets.map((macs) => macroKey(pick(macs)));
  };
  return { ratings: of([]), proxy: of(loops.proxy), full: of(loops.full) };
}

/** The ops of each block, which blocks have in common. */
export function opsOf(): string[][] {
  return nasBenchMacroSpace().blocks.map(({ ops }) => ops.map(opName));
}
