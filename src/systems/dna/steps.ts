import { ConfigError, Rng } from "../../core";
import { type LatencyTable, ratingCosts } from "../../cost";
import {
  alongFront,
  type Budget,
  exactFront,
  type FoundNetwork,
  type IlpOptions,
  ilpSearch,
  isBudget,
  type Limits,
  macsOf,
  meetsLimits,
  type RatingTable,
  randomNetworks,
  ratingTable,
  searchBest,
  traversal,
  upperLimits,
  withLatency,
} from "../../search";
import { type BlockSpaceOptions, blockSpace, type Cell, mbconv, type SearchSpace } from "../../space";
import { bestExpected, type Calibration } from "../../surrogate";
import type { Teacher, TeacherBlock } from "../../teacher";
import { DNA_MINI } from "./defaults";

/** What the student around each teacher block may look like. */
export interface StudentOptions extends Partial<Pick<BlockSpaceOptions, "ops" | "cellsPerBlock" | "adapter">> {
  /** MBConv layers of these kernels, expansions and squeeze-excite in place of `ops`, where any of them is given. */
  readonly kernels?: readonly number[];
  readonly expansions?: readonly number[];
  readonly seRatio?: number;
  /** `[block][cell]`; from the teacher's shapes when left out. */
  readonly cells?: readonly (readonly Cell[])[];
}

/**
 * The search space around a teacher's blocks.
 * @throws SpaceError when a cell is too shallow for its block's stride, or an op or width is malformed.
 */
export function studentSpace(
  { architecture }: Pick<Teacher, "architecture">,
  blocks: readonly TeacherBlock[],
  { kernels, expansions, seRatio, ops, ...options }: StudentOptions = {},
): SearchSpace {
  const { padding, batchNormEpsilon, classes } = architecture;
  const asMBConv = [kernels, expansions, seRatio].some((given) => given !== undefined);
  return blockSpace(blocks, {
    padding,
    batchNormEpsilon,
    classes,
    ...options,
    ...(asMBConv && {
      ops: mbconv(kernels ?? DNA_MINI.kernels, expansions ?? DNA_MINI.expansions, {
        seRatio: seRatio ?? DNA_MINI.seRatio,
      }),
    }),
    ...(ops && { ops }),
  });
}

/**
 * Finds out before any training whether limits can be met, all at once.
 * @throws BudgetInfeasibleError naming the least attainable.
 */
export async function checkLimits(space: SearchSpace, limits: Limits, latencies?: LatencyTable): Promise<void> {
  const costOf = ratingCosts(space);
  // Any scores do; these lead the search to the cheapest networks first.
  const table = ratingTable(space, (candidate) => Math.min(...Object.values(costOf(candidate).macs)));
  const priced = latencies ? withLatency(table, space, latencies) : table;
  if (isBudget(limits)) searchBest(priced, limits);
  else await ilpSearch(priced, limits);
}

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

/** Candidates that the traversal may look at: some seconds. */
const TRAVERSAL_PATIENCE = 20_000_000;

/**
 * The best network within a budget, the whole predicted front, and some networks along it. With a calibration, of which the
 * table is, the best is that of greatest expected accuracy, see `bestExpected`: where that is a trained network whose own
 * accuracy speaks for it, its sum is not the least, and no traversal is compared.
 * @throws BudgetInfeasibleError naming the least attainable when no network meets the budget.
 */
export function searchRatings(
  table: RatingTable,
  budget: Budget,
  { networks = DNA_MINI.alongFront, calibration }: Pick<SearchOptions, "networks" | "calibration"> = {},
): SearchResult {
  const [least] = searchBest(table, budget);
  const best = calibration ? bestExpected(calibration, table, budget) : least;
  const { macs: _, ...others } = budget;
  const front = exactFront(table, { axis: "macs", budget: others });
  return {
    best,
    front,
    along: alongFront(front, best, networks),
    traversalScore: best.score === least.score ? traversalScore(table, budget) : undefined,
  };
}

export interface SearchOptions {
  /** Networks along the front, the best included. */
  readonly networks?: number;
  /** With it the networks are the best that differ from each other in this share of their blocks, 0..1. */
  readonly difference?: number;
  /** What trained networks say, of which the table is. */
  readonly calibration?: Calibration;
}

/**
 * As {@link searchRatings}, where limits may be intervals and networks may have to differ.
 * @throws BudgetInfeasibleError when no network meets all limits.
 */
export async function searchLimits(
  table: RatingTable,
  limits: Limits,
  { networks = DNA_MINI.alongFront, difference, calibration }: SearchOptions = {},
): Promise<SearchResult> {
  if (difference === undefined && isBudget(limits)) return searchRatings(table, limits, { networks, calibration });
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

/**
 * Random networks of the same space and about the same MACs as a found one, uniform over all such.
 * @throws BudgetInfeasibleError when there are too few.
 */
export function randomRivals(
  table: RatingTable,
  network: FoundNetwork,
  {
    seed,
    count = DNA_MINI.random,
    tolerance = DNA_MINI.tolerance,
  }: { seed: number; count?: number; tolerance?: number },
): FoundNetwork[] {
  if (count === 0) return [];
  const rng = new Rng(seed).fork("dna/random networks");
  return randomNetworks(table, { near: macsOf(network), tolerance, count, rng });
}
