import { DataError } from "../../core";
import { mean } from "../../core/statistics";
import { type MeanInterval, meanInterval } from "../search-comparison";
import { type ProxyBenchmark, proxyBenchmark } from "./proxy-benchmark";
import { type StoredEconas, trainingsName } from "./results-file";
import { type ArmPoint, replayArm } from "./run-arm";
import { ECONAS_ARMS, type EconasArmName, PROXY_BENCHMARKS, type ProxyBenchmarkName } from "./settings";
import type { StoredTrainings } from "./stored-trainings";

export interface EconasArmSummary {
  readonly arm: EconasArmName;
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

export interface ProxyBenchmarkSummary {
  readonly benchmark: ProxyBenchmarkName;
  readonly networks: number;
  /** Best test accuracy of any network, and their mean. */
  readonly best: number;
  readonly mean: number;
  readonly arms: readonly EconasArmSummary[];
  /**
   * What plain evolution spends until its mean quality is what the hierarchical proxy ends with; undefined where it never is.
   */
  readonly plainCostToReach?: number;
}

/** All figures of the searches, from the stored runs and the tables. @throws DataError when runs are of other trainings. */
export function summariseSearches(
  { arms, trainings: of }: StoredEconas,
  trainings: StoredTrainings,
): ProxyBenchmarkSummary[] {
  if (of !== trainingsName(trainings)) {
    throw new DataError(
      "study econas: the stored searches must be of the stored trainings, and are of others; run npx blockwise study econas again",
    );
  }
  return PROXY_BENCHMARKS.map((name) => summariseBenchmark(proxyBenchmark(name, trainings), arms[name]));
}

function summariseBenchmark(
  benchmark: ProxyBenchmark,
  runs: StoredEconas["arms"][ProxyBenchmarkName],
): ProxyBenchmarkSummary {
  const replayed = Object.fromEntries(
    ECONAS_ARMS.map((arm) => [arm, runs[arm].map((run) => replayArm(run, benchmark))]),
  ) as Record<EconasArmName, ArmPoint[][]>;
  const last = (points: readonly ArmPoint[]) => points[points.length - 1];
  const plain = replayed.plain.map(last);
  const qualities = benchmark.networks.map((key) => benchmark.quality(key));
  const summaries = ECONAS_ARMS.map((arm): EconasArmSummary => {
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
  const plainCurve = summaries[ECONAS_ARMS.indexOf("plain")].curve;
  const at = plainCurve.y.findIndex((quality) => quality >= reach);
  return {
    benchmark: benchmark.name,
    networks: benchmark.networks.length,
    best: Math.max(...qualities.filter(Number.isFinite)),
    mean: mean(qualities.filter(Number.isFinite)),
    arms: summaries,
    ...(at >= 0 && { plainCostToReach: plainCurve.x[at] }),
  };
}

const PLACES = 60;

/** Means at costs that are equally spaced on a logarithmic axis. */
function curveOf(runs: readonly (readonly ArmPoint[])[]): EconasArmSummary["curve"] {
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
