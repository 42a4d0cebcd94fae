import { DataError } from "../../core";
import { mean } from "../../core/statistics";
import { type MeanInterval, meanInterval } from "../search-comparison";
import { type StoredEconas, trainingsName } from "./results-file";
import { type ArmPoint, replayArm } from "./run-arm";
import { ARMS, type ArmName, WORLDS, type WorldName } from "./settings";
import type { StoredTrainings } from "./stored-trainings";
import { type World, worldOf } from "./worlds";

export interface ArmSummary {
  readonly arm: ArmName;
  /** In trainings of the mean network in the full setting, and against plain evolution's of the same seed. */
  readonly cost: MeanInterval;
  readonly costShare: number;
  /** Test accuracy of the choice, percent. */
  readonly quality: MeanInterval;
  /** Against plain evolution of the same seed, points; undefined for itself. */
  readonly difference?: MeanInterval;
  /** Mean quality against cost, over the seeds; from where all have a choice. */
  readonly curve: {
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly interval: readonly (readonly [number, number])[];
  };
}

export interface WorldSummary {
  readonly world: WorldName;
  readonly networks: number;
  /** Best test accuracy of any network, and their mean. */
  readonly best: number;
  readonly mean: number;
  readonly arms: readonly ArmSummary[];
  /**
   * What plain evolution spends until its mean quality is what the hierarchical proxy ends with; undefined where it never is.
   */
  readonly plainCostToReach?: number;
}

/** All figures of the searches, from the stored runs and the tables. @throws DataError when runs are of other trainings. */
export function summariseSearches({ arms, trainings: of }: StoredEconas, trainings: StoredTrainings): WorldSummary[] {
  if (of !== trainingsName(trainings)) {
    throw new DataError(
      "study econas: the stored searches must be of the stored trainings, and are of others; run npx blockwise study econas again",
    );
  }
  return WORLDS.map((name) => summariseWorld(worldOf(name, trainings), arms[name]));
}

function summariseWorld(world: World, runs: StoredEconas["arms"][WorldName]): WorldSummary {
  const replayed = Object.fromEntries(
    ARMS.map((arm) => [arm, runs[arm].map((run) => replayArm(run, world))]),
  ) as Record<ArmName, ArmPoint[][]>;
  const last = (points: readonly ArmPoint[]) => points[points.length - 1];
  const plain = replayed.plain.map(last);
  const qualities = world.networks.map((key) => world.quality(key));
  const summaries = ARMS.map((arm): ArmSummary => {
    const ends = replayed[arm].map(last);
    return {
      arm,
      cost: meanInterval(ends.map(({ cost }) => cost)),
      costShare: mean(ends.map(({ cost }) => cost)) / mean(plain.map(({ cost }) => cost)),
      quality: meanInterval(ends.map(({ quality }) => quality)),
      ...(arm !== "plain" && {
        difference: meanInterval(ends.map(({ quality }, i) => quality - plain[i].quality)),
      }),
      curve: curveOf(replayed[arm]),
    };
  });
  const reach = summaries[0].quality.mean;
  const plainCurve = summaries[ARMS.indexOf("plain")].curve;
  const at = plainCurve.y.findIndex((quality) => quality >= reach);
  return {
    world: world.name,
    networks: world.networks.length,
    best: Math.max(...qualities.filter(Number.isFinite)),
    mean: mean(qualities.filter(Number.isFinite)),
    arms: summaries,
    ...(at >= 0 && { plainCostToReach: plainCurve.x[at] }),
  };
}

const PLACES = 60;

/** Means at costs that are equally spaced on a logarithmic axis. */
function curveOf(runs: readonly (readonly ArmPoint[])[]): ArmSummary["curve"] {
  const from = Math.max(
    ...runs.map((points) => points.find(({ cost, quality }) => cost > 0 && !Number.isNaN(quality))!.cost),
  );
  const to = Math.max(...runs.map((points) => points[points.length - 1].cost));
  const x = Array.from({ length: PLACES }, (_, i) => from * (to / from) ** (i / (PLACES - 1)));
  const at = x.map((place) =>
    meanInterval(
      // The first place may be a rounding below what it was computed from.
      runs.map((points) => (points.filter(({ cost }) => cost <= place * (1 + 1e-9)).at(-1) ?? points[0]).quality),
    ),
  );
  const rounded = (value: number) => Number(value.toFixed(4));
  return {
    x: x.map(rounded),
    y: at.map(({ mean: own }) => rounded(own)),
    interval: at.map(({ mean: own, interval = [own, own] }) => [rounded(interval[0]), rounded(interval[1])] as const),
  };
}
