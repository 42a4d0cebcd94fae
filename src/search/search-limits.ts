import { ConfigError } from "../core";
import { alongFront, macsOf } from "./along-front";
import { exactFront } from "./exact-front";
import { type IlpOptions, ilpSearch, type Limits } from "./ilp";
import { isBudget, meetsLimits, upperLimits } from "./limits";
import { searchBest } from "./search-best";
import { traversal } from "./traversal";
import type { Budget, FoundNetwork, RatingTable } from "./types";

/** What a search gives. */
export interface SearchResult {
  /** Of least summed rating within the budget. */
  readonly best: FoundNetwork;
  /** Every network that none beats in rating and MACs, under the limits other than MACs; rising in MACs. */
  readonly front: readonly FoundNetwork[];
  /** Networks of the front up to the best, which is the last; or those that differ from each other. Rising in MACs. */
  readonly along: readonly FoundNetwork[];
  /** Summed rating of what the paper's traversal finds, equal to the best's; undefined when it would take too long. */
  readonly traversalScore?: number;
}

export interface SearchLimitsOptions {
  /** Networks along the front, the best included. */
  readonly networks?: number;
  /** With it the networks are the best that differ from each other in this share of their blocks, 0..1. */
  readonly difference?: number;
  /**
   * Chooses the best network within a budget where something else than the table's scores is known, as trained networks are
   * by `bestExpected`. The one of least summed rating unless given.
   */
  readonly choose?: (table: RatingTable, budget: Budget) => FoundNetwork;
}

/** Networks along a front unless told otherwise. */
export const ALONG_FRONT = 4;

/** Candidates that the traversal may look at: some seconds. */
const TRAVERSAL_PATIENCE = 20_000_000;

/**
 * The best network within a budget, the whole predicted front, and some networks along it. Where `choose` takes another than
 * the one of least summed rating, no traversal is compared.
 * @throws BudgetInfeasibleError naming the least attainable when no network meets the budget.
 */
export function searchRatings(
  table: RatingTable,
  budget: Budget,
  { networks = ALONG_FRONT, choose }: Pick<SearchLimitsOptions, "networks" | "choose"> = {},
): SearchResult {
  const [least] = searchBest(table, budget);
  const best = choose ? choose(table, budget) : least;
  const { macs: _, ...others } = budget;
  const front = exactFront(table, { axis: "macs", budget: others });
  return {
    best,
    front,
    along: alongFront(front, best, networks),
    traversalScore: best.score === least.score ? traversalScore(table, budget) : undefined,
  };
}

/**
 * As {@link searchRatings}, where limits may be intervals and networks may have to differ.
 * @throws BudgetInfeasibleError when no network meets all limits.
 */
export async function searchLimits(
  table: RatingTable,
  limits: Limits,
  { networks = ALONG_FRONT, difference, choose }: SearchLimitsOptions = {},
): Promise<SearchResult> {
  if (difference === undefined && isBudget(limits)) return searchRatings(table, limits, { networks, choose });
  const found = await searchDiverse(table, limits, difference === undefined ? {} : { k: networks, difference });
  const { front } = found;
  const [best] = found.networks;
  const fitting = front.filter((network) => meetsLimits(network, limits));
  const along =
    difference === undefined
      ? alongFront(fitting, best, networks)
      : [...found.networks].sort((a, b) => macsOf(a) - macsOf(b));
  return { best, front, along };
}

/** The best networks within limits of which some are intervals, or that must differ from each other. */
export interface DiverseResult {
  /** Best first; fewer than asked for when there are not more. */
  readonly networks: readonly FoundNetwork[];
  /** As in {@link SearchResult}; lower limits do not bound it. */
  readonly front: readonly FoundNetwork[];
}

/**
 * The k best networks within several limits at once, exactly, any two of them different in a share of their blocks.
 * @throws BudgetInfeasibleError when no network meets all limits, EngineError when HiGHS stops without an optimum.
 */
export async function searchDiverse(
  table: RatingTable,
  limits: Limits,
  options: IlpOptions = {},
): Promise<DiverseResult> {
  const networks = await ilpSearch(table, limits, options);
  const { macs: _, ...others } = upperLimits(limits);
  return { networks, front: exactFront(table, { axis: "macs", budget: others }) };
}

function traversalScore(table: RatingTable, budget: Budget): number | undefined {
  try {
    return traversal(table, budget, { patience: TRAVERSAL_PATIENCE }).score;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
