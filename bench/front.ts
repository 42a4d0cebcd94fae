import { Rng } from "../src/core";
import { ratingCosts } from "../src/cost";
import { exactFront, ilpBest, ilpSearch, type RatingTable, ratingTable } from "../src/search";
import { spacePreset } from "../src/space";
import { machine } from "./numbers";

/** Correlation of ratings with the logarithm of MACs. */
const CORRELATIONS = [0.3, 0.6, 0.9];
const BUDGETS = 20;

export interface FrontResult {
  readonly correlation: number;
  /** Networks on the front. */
  readonly points: number;
  /** Time for the whole front, all budgets at once. */
  readonly front_s: number;
  /** The slowest of the budgets by HiGHS. */
  readonly highs_slowest_s: number;
  /** Budgets at which the front's optimum is HiGHS's, of all. */
  readonly equal: number;
  readonly budgets: number;
  /** One search by HiGHS under three limits at once, one of them an interval, and for the three best different networks. */
  readonly highs_three_limits_s: number;
  readonly highs_interval_s: number;
  readonly highs_three_different_s: number;
}

export interface FrontReport {
  readonly space: string;
  readonly candidates: number;
  readonly networks: string;
  readonly cpu: string;
  readonly front_s: number;
  readonly highs_three_limits_s: number;
  readonly all_equal: boolean;
  readonly cases: readonly FrontResult[];
}

/** Ratings of the `dna` space that fall with the candidate's MACs: -a log(MACs) + noise, at a correlation. */
export function generatedTable(correlation: number, seed: number): RatingTable {
  const space = spacePreset("dna");
  const costOf = ratingCosts(space);
  const rng = new Rng(seed).fork(`front/${correlation}`);
  const macs = (candidate: Parameters<typeof costOf>[0]) => Math.min(...Object.values(costOf(candidate).macs));
  // Standardised within a block, so that the correlation holds in each.
  const logs = new Map<number, number[]>();
  const plain = ratingTable(space, (candidate) => {
    const value = Math.log(macs(candidate));
    logs.set(candidate.block, [...(logs.get(candidate.block) ?? []), value]);
    return value;
  });
  const blocks = plain.blocks.map((rows) => {
    const mean = rows.reduce((sum, { score }) => sum + score, 0) / rows.length;
    const deviation = Math.sqrt(rows.reduce((sum, { score }) => sum + (score - mean) ** 2, 0) / rows.length);
    return rows.map((row) => {
      const signal = (row.score - mean) / (deviation || 1);
      return { ...row, score: 5 - correlation * signal + Math.sqrt(1 - correlation ** 2) * rng.normal() };
    });
  });
  return { ...plain, blocks };
}

async function measureCase(correlation: number): Promise<FrontResult> {
  const table = generatedTable(correlation, 1);
  const [frontSeconds, front] = timed(() => exactFront(table));
  const [least, most] = [front[0].cost.macs!, front[front.length - 1].cost.macs!];
  let equal = 0;
  let slowest = 0;
  for (let i = 1; i <= BUDGETS; i++) {
    const macs = Math.round(least + ((most - least) * i) / BUDGETS);
    const onFront = front.filter(({ cost }) => cost.macs! <= macs).at(-1)!;
    const [seconds, best] = await timedAsync(() => ilpBest(table, { macs }));
    slowest = Math.max(slowest, seconds);
    if (Math.abs(best.score - onFront.score) < 1e-9) equal++;
  }
  const middle = front[front.length >> 1].cost;
  // The middle of the front meets them, and there is room for others.
  const macs = 1.1 * middle.macs!;
  const limits = { macs, params: middle.params!, activationBytes: middle.activationBytes! };
  const [three] = await timedAsync(() => ilpBest(table, limits));
  const [interval] = await timedAsync(() => ilpBest(table, { ...limits, macs: [middle.macs!, macs] }));
  const [different] = await timedAsync(() => ilpSearch(table, limits, { k: 3, difference: 0.5 }));
  return {
    correlation,
    points: front.length,
    front_s: frontSeconds,
    highs_slowest_s: slowest,
    equal,
    budgets: BUDGETS,
    highs_three_limits_s: three,
    highs_interval_s: interval,
    highs_three_different_s: different,
  };
}

/** The exact front of the whole `dna` space, and HiGHS's answers beside it. */
export async function measureFront(onCase: (result: FrontResult) => void = () => {}): Promise<FrontReport> {
  const space = spacePreset("dna");
  const { candidates, networks } = space.count();
  const cases: FrontResult[] = [];
  for (const correlation of CORRELATIONS) {
    const result = await measureCase(correlation);
    onCase(result);
    cases.push(result);
  }
  return {
    space: space.name,
    candidates: Number(candidates),
    networks: String(networks),
    cpu: machine().cpu,
    front_s: Math.max(...cases.map(({ front_s }) => front_s)),
    highs_three_limits_s: Math.max(...cases.map(({ highs_three_limits_s }) => highs_three_limits_s)),
    all_equal: cases.every(({ equal, budgets }) => equal === budgets),
    cases,
  };
}

function timed<T>(work: () => T): [number, T] {
  const started = performance.now();
  const result = work();
  return [rounded(started), result];
}

async function timedAsync<T>(work: () => Promise<T>): Promise<[number, T]> {
  const started = performance.now();
  const result = await work();
  return [rounded(started), result];
}

function rounded(started: number): number {
  return Number(((performance.now() - started) / 1000).toFixed(3));
}
