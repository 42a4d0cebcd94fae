import { macroKey, macroTable } from "../../benchmark/ranking";
import { allNetworks, type FoundNetwork, type RatingTable, searchBest } from "../../search";
import { nasBenchMacroSpace, opName } from "../../space";
import type { RawRatings } from "../../study/ranking";
import { bestExpected, type Calibration, calibrate } from "../../surrogate";

/** A training as it is stored. */
export interface ProxyTraining {
  readonly key: string;
  readonly validation: number;
  readonly seconds: number;
  readonly trainingMacs: number;
}

/** The ratings as they are, and as the trainings of either loop calibrate them. */
export type ImproveProxyArmName = "ratings" | "proxy" | "full";

/** A table as trainings calibrate it, or as it is without any, and what is picked of it under a limit on MACs. */
export function ranked(
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

/** The networks that each ranking picks for the budgets, by their keys. */
export function picksOf(
  loops: Readonly<Record<"full" | "proxy", readonly ProxyTraining[]>>,
  raw: RawRatings,
  budgets: readonly number[],
): Record<ImproveProxyArmName, string[]> {
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
