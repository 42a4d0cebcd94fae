import loadHighs, { type Highs } from "highs";
import { BudgetInfeasibleError, ConfigError, checkOptions, EngineError, type OptionRules, rule } from "../core";
import { checkLimitNames, checkTable, foundNetwork } from "./costs";
import { ExactCheck, isWithin, type Prices } from "./ilp-check";
import { arcsOf, type Cut, type LimitInterval, Programme } from "./ilp-programme";
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
  /** Seconds for each integer programme; without it HiGHS takes the time it needs. */
  readonly timeLimit?: number;
  /** Arcs to look at before HiGHS's integer programme is asked for a network to beat. */
  readonly patience?: number;
}

/** Arcs that the exact search may look at: with the relaxation's prices alone, and with a network of HiGHS's to beat. */
const LOOKS = { relaxed: 1_000_000, proposed: 20_000_000 };

/** What each option must be. */
export const ILP_RULES: OptionRules<IlpOptions> = {
  k: rule.wholeFrom(1),
  difference: { ...rule.within(0, 1), must: "a share of the blocks, 0 to 1" },
  timeLimit: rule.above(0),
  patience: rule.from(0),
};

/** Solutions that the solver's tolerance let through a limit, each cut off, before giving up. */
const PATIENCE = 50;

/**
 * The best network within several limits as an integer linear programme, relaxed by HiGHS and solved exactly: a second opinion
 * on `searchBest`.
 * @throws BudgetInfeasibleError when no network meets all limits.
 * @throws EngineError when HiGHS stops without an optimum.
 */
export async function ilpBest(table: RatingTable, limits: Limits): Promise<FoundNetwork> {
  const [best] = await ilpSearch(table, limits);
  return best;
}

/**
 * The k best networks within several limits at once, each different from all before in a share of its blocks: exact, the
 * best first. A limit may be an interval. An exact branch and bound in float64 (`ExactCheck`) has the last word, at
 * whatever scale the scores are.
 * @throws BudgetInfeasibleError when no network meets all limits.
 * @throws ConfigError for a limit, `k` or `difference` that says nothing.
 * @throws EngineError when HiGHS stops without an optimum, or its answer cannot be proved.
 */
export async function ilpSearch(table: RatingTable, limits: Limits, options: IlpOptions = {}): Promise<FoundNetwork[]> {
  checkOptions("ilpSearch", options, ILP_RULES);
  const { k = 1, difference = 0, timeLimit, patience = LOOKS.relaxed } = options;
  checkTable(table);
  const blocks = table.blocks.length;
  const different = Math.max(1, Math.ceil(difference * blocks - 1e-9));
  const solver = new Solver(table, intervalsOf(limits), k, await solverOf(), patience, timeLimit);
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

/**
 * HiGHS solves the relaxation, whose prices guide an exact branch and bound; where that takes too long, HiGHS solves the
 * integer programme too, and its answer is what is to be beaten. HiGHS's own answer would not do: its tolerances are
 * absolute, and ratings have no natural size.
 */
class Solver {
  private readonly programme: Programme;
  private readonly check: ExactCheck;

  constructor(
    private readonly table: RatingTable,
    private readonly intervals: readonly LimitInterval[],
    k: number,
    private readonly highs: Highs,
    private readonly patience: number,
    private readonly timeLimit: number | undefined,
  ) {
    this.programme = new Programme(table, arcsOf(table, intervals, k), intervals);
    this.check = new ExactCheck(table, this.programme, intervals);
  }

  /** The best network under the limits and cuts; undefined when there is none. */
  best(cuts: readonly Cut[]): FoundNetwork | undefined {
    const prices = this.prices(cuts);
    // A tolerance lets too much through a limit, never too little: where HiGHS finds none, there is none.
    if (!prices) return undefined;
    const found = this.check.best(undefined, cuts, { looks: this.patience, prices });
    if (found !== "unknown") return found;
    const proposed = this.propose(cuts);
    if (proposed === "none") return undefined;
    const known = proposed === "unknown" ? undefined : proposed;
    const proved = this.check.best(known, cuts, { looks: LOOKS.proposed, prices });
    if (proved !== "unknown") return proved;
    throw new EngineError(
      `ilpSearch: HiGHS's answer could not be proved within ${LOOKS.proposed} looks at the candidates; use searchBest, fewer networks, a smaller difference or wider intervals`,
    );
  }

  /** HiGHS's best network that truly meets the limits; "none" when it finds none. */
  private propose(cuts: readonly Cut[]): FoundNetwork | "none" | "unknown" {
    const refused: Cut[] = [];
    for (let attempt = 0; attempt < PATIENCE; attempt++) {
      const network = this.solve([...cuts, ...refused]);
      if (!network) return refused.length > 0 ? "unknown" : "none";
      if (isWithin(network, this.intervals)) return network;
      // Within the solver's tolerance of a limit, but not within the limit.
      refused.push({ choice: network.choice, most: this.table.blocks.length - 1 });
    }
    return "unknown";
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
    const { table, programme, timeLimit } = this;
    const result = this.run(programme.text(cuts), {
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
    const taken = programme.arcs.filter(({ name }) => columns[name].Primal > 0.5);
    return foundNetwork(
      table,
      taken.map(({ candidate }) => candidate),
    );
  }

  /** Prices of limits and cuts: the duals of the linear relaxation; undefined when not even that can be met. */
  private prices(cuts: readonly Cut[]): Prices | undefined {
    const { limits } = this.programme;
    const result = this.run(this.programme.text(cuts, { relaxed: true }), { output_flag: false });
    if (result.Status === "Infeasible") return undefined;
    const rows = (result.Rows ?? []) as { Dual?: number }[];
    const price = (row: number) => {
      const dual = rows[row]?.Dual ?? 0;
      return Number.isFinite(dual) ? Math.abs(dual) : 0;
    };
    return { limits: limits.map((_, i) => price(i)), cuts: cuts.map((_, i) => price(limits.length + i)) };
  }
}

function intervalsOf(limits: Limits): LimitInterval[] {
  checkLimitNames("ilpSearch", limits);
  return Object.entries(limits).flatMap(([name, limit]): LimitInterval[] => {
    if (limit === undefined) return [];
    const [low, high] = typeof limit === "number" ? [Number.NEGATIVE_INFINITY, limit] : limit;
    if (!(low <= high) || low === Number.POSITIVE_INFINITY || high === Number.NEGATIVE_INFINITY) {
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
