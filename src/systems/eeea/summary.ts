import { spearman } from "../../benchmark";
import { Rng } from "../../core";
import { mean } from "../../core/statistics";
import { cellNetworkCost } from "../../cost";
import type { TableEntry, TableEvaluator } from "../../evaluate";
import { dominatedVolume, dominates, type Point } from "../../search";
import { eeeaSpace } from "../../space";
import { type MeanInterval, meanInterval } from "../search-comparison";
import { type ArmRun, type ExitLimit, eeeaTable, exitLimit } from "./run-arm";
import { ARM_NAMES, ARMS, type ArmName, EVALUATIONS, isRandom, SETTINGS } from "./settings";

export const DRAWN_PAIRS = 200;

export type StoredArms = Readonly<Record<ArmName, readonly ArmRun[]>>;

/** Against the first arm's run of the same seed. */
interface Paired {
  readonly mean: MeanInterval;
  /** Mean difference, or ratio, with its 95 % interval; undefined for the first arm itself. */
  readonly against?: MeanInterval;
}

export interface ArmSummary {
  readonly arm: ArmName;
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
  readonly arms: readonly ArmSummary[];
  /** Spearman's rho of multiply-adds and parameters: over all cells of the table, and over random pairs of the paper's own space. */
  readonly sizesAgree: { readonly table: number; readonly paper: number };
}

/** All figures, from the stored runs and the table. */
export function summariseEeea(runs: StoredArms, table: TableEvaluator = eeeaTable()): EeeaSummary {
  const entries = [...table.entries.values()];
  const best = bestFront(entries);
  const [first] = ARM_NAMES;
  // The worst of the first generation without early exit, by objective: what the paper measures volumes from.
  const references = new Map(
    runs[first].map(({ seed, keys }) => [seed, worst(pointsOf(keys, table).slice(0, SETTINGS.population))]),
  );
  const measured = new Map(
    ARM_NAMES.map((arm) => [arm, runs[arm].map((run) => measure(run, table, best, references.get(run.seed)!))]),
  );
  const own = measured.get(first)!;
  return {
    arms: ARM_NAMES.map((arm) => summariseArm(arm, runs[arm], measured.get(arm)!, own, table)),
    sizesAgree: { table: agreement(entries), paper: agreement(drawnPairs()) },
  };
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
  return points[0].map((_, i) => Math.max(...points.map((point) => point[i])));
}

/** Adds a point to a front, if nothing there is as good. */
function added(front: readonly Point[], point: Point): readonly Point[] {
  const isBeaten = front.some((one) => one.every((value, i) => value <= point[i]));
  return isBeaten ? front : [...front.filter((one) => !dominates(point, one)), point];
}

function bestFront(entries: readonly TableEntry[]): readonly Point[] {
  return entries.map(pointOf).reduce<readonly Point[]>(added, []);
}

interface Measured {
  readonly volumes: readonly number[];
  readonly cost: number;
  readonly accuracy: number;
  readonly front: number;
}

function measure({ keys }: ArmRun, table: TableEvaluator, best: readonly Point[], reference: Point): Measured {
  const possible = dominatedVolume(best, reference);
  const entries = keys.split(" ").map((key) => table.entries.get(key)!);
  const volumes: number[] = [];
  let front: readonly Point[] = [];
  for (const [i, entry] of entries.entries()) {
    front = added(front, pointOf(entry));
    if ((i + 1) % SETTINGS.population === 0) volumes.push(dominatedVolume(front, reference) / possible);
  }
  const chosen = entries.reduce((a, b) => (b.validation > a.validation ? b : a));
  const cost = keys.split(" ").reduce((sum, key) => sum + table.look(key).costs.trainings, 0);
  return { volumes, cost, accuracy: chosen.test, front: front.length };
}

function summariseArm(
  arm: ArmName,
  runs: readonly ArmRun[],
  measured: readonly Measured[],
  without: readonly Measured[],
  table: TableEvaluator,
): ArmSummary {
  const limit = exitLimit(table, ARMS[arm]);
  const paired = (of: (one: Measured) => number, compare: (own: number, other: number) => number): Paired => ({
    mean: meanInterval(measured.map(of)),
    ...(measured !== without && {
      against: meanInterval(measured.map((one, i) => compare(of(one), of(without[i])))),
    }),
  });
  const difference = (own: number, other: number) => own - other;
  return {
    arm,
    ...(limit && exitFigures(limit, runs, table, arm)),
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

function exitFigures(limit: ExitLimit, runs: readonly ArmRun[], { entries }: TableEvaluator, arm: ArmName) {
  // Random search is one generation.
  const accepted = isRandom(arm) ? EVALUATIONS : SETTINGS.population;
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
