import { foundNetwork, loosened, stemCostOf } from "./costs";
import type { Arc, Cut, LimitInterval, Programme } from "./ilp-programme";
import { SuffixFronts } from "./suffix-fronts";
import type { FoundNetwork, RatedCandidate, RatingTable } from "./types";

/** What a limit or cut costs for each unit beyond it, in the order of the programme's limits, then of the cuts; from 0. */
export interface Prices {
  readonly limits: readonly number[];
  readonly cuts: readonly number[];
}

/** The first candidates of a network. */
interface Prefix {
  /** The last of them. */
  readonly candidate?: RatedCandidate;
  readonly value: number;
  /** By interval, the stem's included. */
  readonly costs: readonly number[];
  /** Candidates that each cut has too. */
  readonly shared: readonly number[];
  /** Sum of the priced weights of its arcs. */
  readonly priceSum: number;
  /** No network that begins so has a lower score. */
  readonly bound: number;
}

/**
 * Looks, in float64 and without a tolerance, for a network that is better than a solver's answer: a depth-first walk that
 * leaves a prefix once no completion can be better. What it returns is the optimum.
 *
 * Two bounds do most of the work: the best completion that each side of a limit alone allows ({@link SuffixFronts}, exact
 * for a single limit without cuts), and, with prices of the linear relaxation, the Lagrangian bound of all limits and cuts
 * together. Any prices give a valid bound, so the solver's accuracy does not matter.
 */
export class ExactCheck {
  private readonly behind = new Map<string, readonly number[]>();
  private readonly fronts: readonly { interval: number; sign: 1 | -1; limit: number; front: SuffixFronts }[];
  private readonly stems: readonly number[];
  /** Rounding of a sum of scores; 0 where sums are exact. */
  private readonly rounding: number;
  private readonly leastScores: (block: number, width: number) => number;

  constructor(
    private readonly table: RatingTable,
    private readonly programme: Programme,
    private readonly intervals: readonly LimitInterval[],
  ) {
    const { arcs } = programme;
    for (const [i, { block, from }] of arcs.entries()) {
      const key = `${block}/${from}`;
      this.behind.set(key, [...(this.behind.get(key) ?? []), i]);
    }
    // The candidates that any arc has: fronts of all of the table's would take longer and bound no better.
    const blocks = table.blocks.map((_, block) => [
      ...new Set(arcs.filter((arc) => arc.block === block).map(({ candidate }) => candidate)),
    ]);
    this.fronts = intervals.flatMap(({ name, low, high }, interval) =>
      ([1, -1] as const).flatMap((sign) => {
        const limit = sign > 0 ? high : -low;
        if (!Number.isFinite(limit)) return [];
        return [
          {
            interval,
            sign,
            limit: loosened(limit),
            front: new SuffixFronts({ ...table, blocks }, name, "score", sign),
          },
        ];
      }),
    );
    this.stems = intervals.map(({ name }) => stemCostOf(table, name));
    const exact = arcs.every(({ value }) => Number.isInteger(value * 2 ** 20) && Math.abs(value) < 2 ** 28);
    const largest = arcs.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0);
    this.rounding = exact ? 0 : largest * table.blocks.length ** 2 * 2 ** -52;
    this.leastScores = leastWays(
      table,
      arcs,
      arcs.map(({ value }) => value),
    );
  }

  /**
   * The best network under the limits and cuts.
   * @param known A network that meets them, if one is known.
   * @param options.looks Arcs to look at before giving up.
   * @returns "unknown" when it gives up, undefined when no network meets limits and cuts.
   */
  best(
    known: FoundNetwork | undefined,
    cuts: readonly Cut[],
    { looks, prices }: { looks: number; prices?: Prices },
  ): FoundNetwork | undefined | "unknown" {
    const { table, intervals, fronts, rounding, behind, leastScores } = this;
    const { arcs } = this.programme;
    const last = table.blocks.length - 1;
    const used = cuts.map(({ choice }) => new Set(choice));
    const priced = prices && pricedBound(table, this.programme, cuts, prices);
    const chosen: RatedCandidate[] = [];
    let best = known;
    let left = looks;
    const canBeat = (bound: number) => !best || bound - rounding < best.score;

    /** The ways on from a prefix that may lead to a better network, the most promising first. */
    const ahead = (block: number, width: number, before: Prefix): Prefix[] => {
      const ways: Prefix[] = [];
      for (const i of behind.get(`${block}/${width}`) ?? []) {
        const { candidate } = arcs[i];
        const next = candidate.width;
        const value = before.value + arcs[i].value;
        let bound = value + leastScores(block + 1, next);
        if (!canBeat(bound)) continue;
        const shared = before.shared.map((count, c) => count + Number(used[c].has(candidate)));
        if (shared.some((count, c) => count > cuts[c].most)) continue;
        const priceSum = priced ? before.priceSum + priced.weights[i] : 0;
        if (priced) bound = Math.max(bound, priced.bound(block + 1, next, priceSum));
        const costs = before.costs.map((cost, c) => cost + arcs[i].costs[c]);
        for (const { interval, sign, limit, front } of fronts) {
          const rest = front.best(block + 1, next, limit - sign * costs[interval]);
          bound = Math.max(bound, rest ? value + rest.value : Number.POSITIVE_INFINITY);
        }
        if (Number.isFinite(bound) && canBeat(bound)) ways.push({ candidate, value, costs, shared, priceSum, bound });
      }
      left -= ways.length;
      return ways.sort((a, b) => a.bound - b.bound);
    };

    /** False when the patience ended. */
    const walk = (block: number, width: number, before: Prefix): boolean => {
      for (const way of ahead(block, width, before)) {
        if (!canBeat(way.bound)) break;
        if (left <= 0) return false;
        chosen[block] = way.candidate!;
        if (block < last) {
          if (!walk(block + 1, way.candidate!.width, way)) return false;
          continue;
        }
        const network = foundNetwork(table, chosen.slice());
        if (isWithin(network, intervals) && (!best || network.score < best.score)) best = network;
      }
      return true;
    };
    const start: Prefix = { value: 0, costs: this.stems, shared: cuts.map(() => 0), priceSum: 0, bound: 0 };
    return walk(0, table.stemWidth, start) ? best : "unknown";
  }
}

/** Whether a network's costs lie within all intervals. */
export function isWithin({ cost }: FoundNetwork, intervals: readonly LimitInterval[]): boolean {
  return intervals.every(({ name, low, high }) => cost[name]! >= low && cost[name]! <= high);
}

/** Least sum of the weights of arcs from a block behind a width to the last block. */
function leastWays(
  table: RatingTable,
  arcs: readonly Arc[],
  weights: readonly number[],
): (block: number, width: number) => number {
  const least = table.blocks.map(() => new Map<number, number>());
  const end = table.blocks.length;
  const at = (block: number, width: number) =>
    block === end ? 0 : (least[block].get(width) ?? Number.POSITIVE_INFINITY);
  // Arcs come block by block.
  for (let i = arcs.length - 1; i >= 0; i--) {
    const { block, from, candidate } = arcs[i];
    least[block].set(from, Math.min(at(block, from), weights[i] + at(block + 1, candidate.width)));
  }
  return at;
}

/** The Lagrangian bound: what a network costs when it pays for what it takes of limits and cuts, and gets their bounds paid. */
function pricedBound(
  table: RatingTable,
  { arcs, values, unit, least, limits }: Programme,
  cuts: readonly Cut[],
  prices: Prices,
) {
  const used = cuts.map(({ choice }) => new Set(choice));
  const weights = arcs.map(({ candidate }, i) => {
    const forLimits = limits.reduce((sum, { sign, costs }, l) => sum + prices.limits[l] * sign * costs[i], 0);
    return values[i] + forLimits + prices.cuts.reduce((sum, price, c) => sum + (used[c].has(candidate) ? price : 0), 0);
  });
  const paidBack =
    limits.reduce((sum, { bound }, l) => sum + prices.limits[l] * bound, 0) +
    cuts.reduce((sum, { most }, c) => sum + prices.cuts[c] * most, 0);
  const moved = limits.reduce((sum, { rounding }, l) => sum + prices.limits[l] * rounding, 0);
  const size = Math.abs(paidBack) + weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  const rounding = moved + size * table.blocks.length ** 2 * 2 ** -50;
  const rest = leastWays(table, arcs, weights);
  return {
    weights,
    /** No network that begins with arcs of these weights has a lower score. */
    bound: (block: number, width: number, weight: number) =>
      (weight + rest(block, width) - paidBack - rounding) * unit + least,
  };
}
