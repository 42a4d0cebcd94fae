import { spearman } from "../../benchmark";
import { Rng } from "../../core";
import { mean } from "../../core/statistics";
import { cellNetworkCost } from "../../cost";
import type { TableEntry, TableEvaluator } from "../../evaluate";
import { dominatedVolume, dominates, type Point } from "../../search";
import { eeeaSpace } from "../../space";
import { type MeanInterval, meanInterval } from "../search-comparison";
import { type EeeaRun, type ExitLimit, eeeaTable, exitLimit } from "./run-arm";
import {
  EEEA_ARM_NAMES,
  EEEA_ARMS,
  EEEA_SETTINGS,
  type EeeaArmName,
  evaluationsOf,
  isRandom,
  type SearchPlan,
} from "./settings";

export const DRAWN_PAIRS = 200;

export type StoredEeeaRuns = Readonly<Record<EeeaArmName, readonly EeeaRun[]>>;

/** Where searches were run, and what their figures are computed from. */
export interface SearchPlace {
  /** What the others are held against is the first. */
  readonly arms: readonly EeeaArmName[];
  readonly plan: SearchPlan;
  /** All networks that the searches evaluated, at least: the front of all of its networks is the best possible. */
  readonly table: TableEvaluator;
  limit(arm: EeeaArmName): ExitLimit | undefined;
  /** Of an evaluation, in trainings of a mean network. */
  cost(key: string): number;
}

/** Against the first arm's run of the same seed. */
interface Paired {
  readonly mean: MeanInterval;
  /** Mean difference, or ratio, with its 95 % interval; undefined for the first arm itself. */
  readonly against?: MeanInterval;
}

export interface EeeaArmSummary {
  readonly arm: EeeaArmName;
  readonly limit?: ExitLimit;
  /** Of the draws for the first generation, the share that was refused. */
  readonly rejection?: MeanInterval;
  /** Share of the first generation's networks within the limit, the least of all seeds. */
  readonly firstWithin?: number;
  /** Share of later generations' networks that are beyond the limit. */
  readonly laterBeyond?: MeanInterval;
  /** Dominated volume after each generation, as a share of what the best front possible dominates. */
  readonly volumes: readonly MeanInterval[];
  /** After the last; difference. */
  readonly volume: Paired;
  /** Of all evaluations, in trainings of the table's mean network by multiply-adds; ratio. */
  readonly cost: Paired;
  /** Test accuracy (percent) of the network that validates best; difference. */
  readonly accuracy: Paired;
  /** Networks of the last front; difference. */
  readonly front: Paired;
}

export interface EeeaSummary {
  readonly arms: readonly EeeaArmSummary[];
  /** Spearman's rho of multiply-adds and parameters: over all cells of the table, and over random pairs of the paper's own space. */
  readonly sizesAgree: { readonly table: number; readonly paper: number };
}

/** All figures, from the stored runs and the table. */
export function summariseEeea(runs: StoredEeeaRuns, table: TableEvaluator = eeeaTable()): EeeaSummary {
  const place: SearchPlace = {
    arms: EEEA_ARM_NAMES,
    plan: EEEA_SETTINGS,
    table,
    limit: (arm) => exitLimit(table, EEEA_ARMS[arm]),
    cost: (key) => table.look(key).costs.trainings,
  };
  return {
    arms: summariseArms(place, runs),
    sizesAgree: { table: agreement([...table.entries.values()]), paper: agreement(drawnPairs()) },
  };
}

/** The figures of each search of a place. */
export function summariseArms(
  place: SearchPlace,
  runs: Readonly<Partial<Record<EeeaArmName, readonly EeeaRun[]>>>,
): EeeaArmSummary[] {
  const { arms, plan, table } = place;
  const best = [...table.entries.values()].map(pointOf).reduce<readonly Point[]>(added, []);
  const [first] = arms;
  // The worst of the first generation without early exit, by objective: what the paper measures volumes from.
  const references = new Map(
    runs[first]!.map(({ seed, keys }) => [seed, worst(pointsOf(keys, table).slice(0, plan.population))]),
  );
  const measured = arms.map((arm) => runs[arm]!.map((run) => measure(run, place, best, references.get(run.seed)!)));
  return arms.map((arm, i) => summariseArm(arm, runs[arm]!, measured[i], measured[0], place));
}

function agreement(sizes: readonly { readonly macs: number; readonly params: number }[]): number {
  return spearman(
    sizes.map(({ macs }) => macs),
    sizes.map(({ params }) => params),
  );
}

/** Networks of EEEA-Net's own space, drawn and counted. */
function drawnPairs() {
  const space = eeeaSpace();
  const rng = new Rng(1).fork("eeea/sizes");
  return Array.from({ length: DRAWN_PAIRS }, () => cellNetworkCost(space.architecture(space.sample(rng))));
}

/** Validation error (percent), multiply-adds, parameters: all to be minimised. */
function pointOf({ validation, macs, params }: TableEntry): Point {
  return [100 - validation, macs, params];
}

function pointsOf(keys: string, { entries }: TableEvaluator): Point[] {
  return keys.split(" ").map((key) => pointOf(entries.get(key)!));
}

function worst(points: readonly Point[]): Point {
  return points[0].map((_, i) => Math.max(...points.map((point) => point[i]).filter(Number.isFinite)));
}

/** Adds a point to a front, if it was measured and nothing there is as good. */
function added(front: readonly Point[], point: Point): readonly Point[] {
  if (!point.every(Number.isFinite)) return front;
  const isBeaten = front.some((one) => one.every((value, i) => value <= point[i]));
  return isBeaten ? front : [...front.filter((one) => !dominates(point, one)), point];
}

interface Measured {
  readonly volumes: readonly number[];
  readonly cost: number;
  readonly accuracy: number;
  readonly front: number;
}

function measure({ keys }: EeeaRun, place: SearchPlace, best: readonly Point[], reference: Point): Measured {
  const possible = dominatedVolume(best, reference);
  const entries = keys.split(" ").map((key) => place.table.entries.get(key)!);
  const volumes: number[] = [];
  let front: readonly Point[] = [];
  for (const [i, entry] of entries.entries()) {
    front = added(front, pointOf(entry));
    if ((i + 1) % place.plan.population === 0) volumes.push(dominatedVolume(front, reference) / possible);
  }
  const chosen = entries.reduce((a, b) => (b.validation > a.validation || Number.isNaN(a.validation) ? b : a));
  const cost = keys.split(" ").reduce((sum, key) => sum + place.cost(key), 0);
  return { volumes, cost, accuracy: chosen.test, front: front.length };
}

function summariseArm(
  arm: EeeaArmName,
  runs: readonly EeeaRun[],
  measured: readonly Measured[],
  without: readonly Measured[],
  place: SearchPlace,
): EeeaArmSummary {
  const limit = place.limit(arm);
  const paired = (of: (one: Measured) => number, compare: (own: number, other: number) => number): Paired => ({
    mean: meanInterval(measured.map(of)),
    ...(measured !== without && {
      against: meanInterval(measured.map((one, i) => compare(of(one), of(without[i])))),
    }),
  });
  const difference = (own: number, other: number) => own - other;
  return {
    arm,
    ...(limit && exitFigures(limit, runs, place, arm)),
    volumes: measured[0].volumes.map((_, i) => meanInterval(measured.map(({ volumes }) => volumes[i]))),
    volume: paired(({ volumes }) => volumes[volumes.length - 1], difference),
    cost: paired(
      ({ cost }) => cost,
      (own, other) => own / other,
    ),
    accuracy: paired(({ accuracy }) => accuracy, difference),
    front: paired(({ front }) => front, difference),
  };
}

function exitFigures(limit: ExitLimit, runs: readonly EeeaRun[], { table, plan }: SearchPlace, arm: EeeaArmName) {
  const { entries } = table;
  // Random search is one generation.
  const accepted = isRandom(arm) ? evaluationsOf(plan) : plan.population;
  const within = (keys: readonly string[]) =>
    mean(keys.map((key) => (entries.get(key)!.params <= limit.params ? 1 : 0)));
  const generations = runs.map(({ keys, refused }) => {
    const all = keys.split(" ");
    const later = all.slice(accepted);
    return { first: within(all.slice(0, accepted)), beyond: 1 - within(later), refused: refused[0] };
  });
  return {
    limit,
    rejection: meanInterval(generations.map(({ refused }) => refused / (refused + accepted))),
    firstWithin: Math.min(...generations.map(({ first }) => first)),
    ...(!isRandom(arm) && { laterBeyond: meanInterval(generations.map(({ beyond }) => beyond)) }),
  };
}
