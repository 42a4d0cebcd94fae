import loadHighs, { type Highs } from "highs";
import { BudgetInfeasibleError, ConfigError, EngineError } from "../core";
import { checkTable, foundNetwork } from "./costs";
import { type Arc, arcsOf, type Cut, type Interval, programme } from "./ilp-programme";
import { infeasible } from "./infeasible";
import type { Budget, CostName, FoundNetwork, RatingTable } from "./types";

/** An upper limit, or an interval `[low, high]`. */
export type Limit = number | readonly [low: number, high: number];

/** Limits that a network must meet all at once. */
export type Limits = Readonly<Partial<Record<CostName, Limit>>>;

export interface IlpOptions {
  /** Networks wanted; fewer come when there are not more. */
  readonly k?: number;
  /** Share of the blocks in which any two of them must differ, 0..1 (Puzzle, arXiv 2411.19146, has 0.2); at least one block. */
  readonly difference?: number;
  /** Seconds for each network; without it HiGHS takes the time it needs. */
  readonly timeLimit?: number;
}

/** Solutions that the solver's tolerance let through a limit, each cut off, before giving up. */
const PATIENCE = 50;

/**
 * The best network within several limits as an integer linear programme, solved by HiGHS: an independent second opinion on
 * `searchBest`.
 * @throws BudgetInfeasibleError when no network meets all limits.
 * @throws EngineError when HiGHS stops without an optimum.
 */
export async function ilpBest(table: RatingTable, limits: Limits): Promise<FoundNetwork> {
  const [best] = await ilpSearch(table, limits);
  return best;
}

/**
 * The k best networks within several limits at once, each different from all before in a share of its blocks: exact, the
 * best first. A limit may be an interval. Every network is counted again before it is given out.
 * @throws BudgetInfeasibleError when no network meets all limits.
 * @throws EngineError when HiGHS stops without an optimum.
 */
export async function ilpSearch(
  table: RatingTable,
  limits: Limits,
  { k = 1, difference = 0, timeLimit }: IlpOptions = {},
): Promise<FoundNetwork[]> {
  checkTable(table);
  if (!Number.isSafeInteger(k) || k < 1) throw new ConfigError(`ilpSearch: k must be a whole number from 1, got ${k}`);
  if (!(difference >= 0 && difference <= 1)) {
    throw new ConfigError(`ilpSearch: difference must be a share of the blocks, 0 to 1, got ${difference}`);
  }
  const blocks = table.blocks.length;
  const different = Math.max(1, Math.ceil(difference * blocks - 1e-9));
  const solver = new Solver(table, intervalsOf(limits), k, await solverOf(), timeLimit);
  const found: FoundNetwork[] = [];
  const cuts: Cut[] = [];
  while (found.length < k) {
    const network = solver.best(cuts);
    if (!network) break;
    found.push(network);
    cuts.push({ choice: network.choice, most: blocks - different });
  }
  if (found.length === 0) throw notFound(table, limits);
  return found;
}

let loaded: ReturnType<typeof loadHighs> | undefined;

/** HiGHS, compiled once. */
function solverOf(): ReturnType<typeof loadHighs> {
  loaded ??= loadHighs();
  return loaded;
}

class Solver {
  private readonly arcs: readonly Arc[];

  constructor(
    private readonly table: RatingTable,
    private readonly intervals: readonly Interval[],
    k: number,
    private readonly highs: Highs,
    private readonly timeLimit: number | undefined,
  ) {
    this.arcs = arcsOf(table, intervals, k);
  }

  /** The best network under the limits and cuts; undefined when there is none. */
  best(cuts: readonly Cut[]): FoundNetwork | undefined {
    const { table, intervals } = this;
    const refused: Cut[] = [];
    for (let attempt = 0; attempt < PATIENCE; attempt++) {
      const network = this.solve([...cuts, ...refused]);
      const holds = ({ name, low, high }: Interval) => network!.cost[name]! >= low && network!.cost[name]! <= high;
      if (!network || intervals.every(holds)) return network;
      // Within the solver's tolerance of a limit, but not within the limit.
      refused.push({ choice: network.choice, most: table.blocks.length - 1 });
    }
    throw new EngineError(
      `ilpSearch: HiGHS must find networks within the limits, ${PATIENCE} it gave were beyond them`,
    );
  }

  private run(...given: Parameters<Highs["solve"]>): ReturnType<Highs["solve"]> {
    try {
      return this.highs.solve(...given);
    } catch (error) {
      // What WebAssembly threw may have left the instance broken.
      loaded = undefined;
      throw error;
    }
  }

  private solve(cuts: readonly Cut[]): FoundNetwork | undefined {
    const { table, arcs, intervals, timeLimit } = this;
    const result = this.run(programme(table, arcs, intervals, cuts), {
      output_flag: false,
      mip_rel_gap: 0,
      mip_abs_gap: 0,
      ...(timeLimit !== undefined && { time_limit: timeLimit }),
    });
    if (result.Status === "Infeasible") return undefined;
    if (result.Status !== "Optimal") {
      throw new EngineError(`ilpSearch: HiGHS must end with an optimum, ended "${result.Status}"; use searchBest`);
    }
    const columns = result.Columns as Record<string, { Primal: number }>;
    const taken = arcs.filter(({ name }) => columns[name].Primal > 0.5);
    return foundNetwork(
      table,
      taken.map(({ candidate }) => candidate),
    );
  }
}

function intervalsOf(limits: Limits): Interval[] {
  return Object.entries(limits).flatMap(([name, limit]): Interval[] => {
    if (limit === undefined) return [];
    const [low, high] = typeof limit === "number" ? [Number.NEGATIVE_INFINITY, limit] : limit;
    if (!(low <= high)) {
      throw new ConfigError(`ilpSearch: the limit on ${name} must be a number or [low, high], got [${low}, ${high}]`);
    }
    // From 0 on, a lower bound says nothing.
    return [{ name: name as CostName, low: low > 0 ? low : Number.NEGATIVE_INFINITY, high }];
  });
}

function notFound(table: RatingTable, limits: Limits): BudgetInfeasibleError {
  const highest = Object.fromEntries(intervalsOf(limits).map(({ name, high }) => [name, high])) as Budget;
  const lowest = intervalsOf(limits).filter(({ low }) => Number.isFinite(low));
  if (lowest.length === 0) return infeasible(table, highest);
  const wanted = intervalsOf(limits).map(({ name, low, high }) => `${name} in [${Math.max(0, low)}, ${high}]`);
  return new BudgetInfeasibleError(
    `search: no network of ${table.space} has ${wanted.join(" and ")} at once; widen an interval`,
    { limits },
  );
}
