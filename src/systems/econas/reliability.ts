import { type Estimate, pairedBootstrap, rankEntropy, spearman } from "../../benchmark";
import { mean, median } from "../../core/statistics";
import { namedBudget, nominalCost, type ReducedBudget } from "../../evaluate";
import { ECONAS_SETTINGS, PROXIES, type ProxyName } from "./settings";
import type { StoredTrainings } from "./stored-trainings";

type Trainings = Pick<StoredTrainings, "full" | "studied" | "proxies" | "networks">;

/** How a proxy orders the study's networks. */
export interface ProxySummary {
  readonly proxy: ProxyName;
  readonly budget: ReducedBudget;
  /** Spearman's rho with the full setting, whose training began from another seed. */
  readonly rho: Estimate;
  /** Median processor seconds of a training, and how many times the full setting's those are. */
  readonly seconds: number;
  readonly acceleration: number;
  /** The same by multiply-adds, counted, and by the rule that every index halves. */
  readonly macsAcceleration: number;
  readonly nominalAcceleration: number;
  /** Whether no other proxy is both faster and more reliable. */
  readonly onFront: boolean;
}

/** Two proxies of equal nominal cost. */
export interface ProxyComparison {
  readonly first: ProxyName;
  readonly second: ProxyName;
  /** rho of the first minus rho of the second, on the same networks. */
  readonly difference: Estimate;
}

export interface FactorEntropy {
  readonly factor: "channels" | "resolution" | "samples" | "epochs";
  /** Index, or epochs. */
  readonly level: number;
  readonly settings: number;
  /** Bits, a mean over all subsets of so many settings. */
  readonly of: number;
  readonly entropy: number;
}

export interface ReliabilitySummary {
  readonly networks: number;
  /** Full against full from another seed: over the study's networks, and over all. */
  readonly ceiling: Estimate;
  readonly ceilingOfAll: Estimate;
  /** Median processor seconds of a full training. */
  readonly fullSeconds: number;
  readonly proxies: readonly ProxySummary[];
  /** Spearman's rho with the full setting of what costs nothing. */
  readonly sizes: { readonly macs: Estimate; readonly params: Estimate };
  readonly chosen: ProxyName;
  /** More samples against more epochs at as many iterations. */
  readonly samplesOrEpochs: readonly ProxyComparison[];
  /** Fewer channels against lower resolution at as many multiply-adds. */
  readonly channelsOrResolution: readonly ProxyComparison[];
  readonly entropies: readonly FactorEntropy[];
}

/** Equal iterations: more samples first. */
const SAMPLES_OR_EPOCHS: readonly (readonly [ProxyName, ProxyName])[] = [
  ["c0r0s0e3", "c0r0s1e6"],
  ["c0r0s0e1", "c0r0s1e2"],
  ["c0r0s1e2", "c0r0s2e4"],
  ["c0r0s0e1", "c0r0s2e4"],
  ["c2r2s0e3", "c2r2s1e6"],
  ["c2r2s0e1", "c2r2s1e2"],
  ["c2r2s1e2", "c2r2s2e4"],
  ["c2r2s0e1", "c2r2s2e4"],
];
/** Equal multiply-adds: fewer channels first. */
const CHANNELS_OR_RESOLUTION: readonly (readonly [ProxyName, ProxyName])[] = [
  ["c1r0s0e6", "c0r1s0e6"],
  ["c2r0s0e6", "c0r2s0e6"],
  ["c3r0s0e6", "c0r3s0e6"],
  ["c4r0s0e6", "c0r4s0e6"],
  ["c3r1s0e6", "c1r3s0e6"],
  ["c4r2s0e6", "c2r4s0e6"],
];

/** Accuracies to rank by: of a training that diverged, below all others. */
function ranked(values: readonly (number | null)[]): number[] {
  return values.map((value) => value ?? -1);
}

function valuesOf(trainings: Trainings) {
  const [first, second] = trainings.full.map((of) => ranked(trainings.studied.map((key) => of[key][0])));
  const of = (name: ProxyName) => ranked(trainings.proxies[name].map(([validation]) => validation));
  return { first, second, of };
}

/**
 * The reliable proxy: of those whose rho with the full setting is at least a share of what the full setting from another seed
 * has, and whose epochs can be divided into stages, the one that costs the least processor time.
 */
export function chosenProxy(trainings: Trainings): ProxyName {
  const { first, second, of } = valuesOf(trainings);
  const least = ECONAS_SETTINGS.reliable * spearman(first, second);
  const fit = PROXIES.filter((name) => namedBudget(name).epochs % ECONAS_SETTINGS.stages === 0);
  const reliable = fit.filter((name) => spearman(of(name), second) >= least);
  const seconds = (name: ProxyName) => median(trainings.proxies[name].map(([, own]) => own));
  // Where none is, the most reliable one.
  if (reliable.length === 0) return fit.reduce((a, b) => (spearman(of(b), second) > spearman(of(a), second) ? b : a));
  return reliable.reduce((a, b) => (seconds(b) < seconds(a) ? b : a));
}

/** All figures of the proxy study. Proxies and the ceiling began from the first seed, what they are held against from the second. */
export function summariseReliability(trainings: Trainings): ReliabilitySummary {
  const { studied, full, proxies, networks } = trainings;
  const { first, second, of } = valuesOf(trainings);
  const { epochs } = ECONAS_SETTINGS;
  const fullSeconds = median(studied.map((key) => full[0][key][2]));
  const fullMacs = studied.map((key) => networks[key][0] * ECONAS_SETTINGS.data.trainCount * epochs);
  const all = Object.keys(networks);
  const plain = PROXIES.map((proxy): Omit<ProxySummary, "onFront"> => {
    const budget = namedBudget(proxy);
    const seconds = median(proxies[proxy].map(([, own]) => own));
    return {
      proxy,
      budget,
      rho: bootstrap([of(proxy), second], ([x, y]) => spearman(x, y)),
      seconds,
      acceleration: fullSeconds / seconds,
      macsAcceleration: mean(fullMacs) / mean(proxies[proxy].map(([, , macs]) => macs)),
      nominalAcceleration: 1 / nominalCost(budget, epochs),
    };
  });
  const isBeaten = (one: (typeof plain)[number]) =>
    plain.some(
      (other) =>
        other.acceleration >= one.acceleration &&
        other.rho.value >= one.rho.value &&
        (other.acceleration > one.acceleration || other.rho.value > one.rho.value),
    );
  const size = (at: 0 | 1) => bootstrap([studied.map((key) => networks[key][at]), second], ([x, y]) => spearman(x, y));
  const compared = ([one, other]: readonly [ProxyName, ProxyName]): ProxyComparison => ({
    first: one,
    second: other,
    difference: bootstrap([of(one), of(other), second], ([x, y, truth]) => spearman(x, truth) - spearman(y, truth)),
  });
  return {
    networks: studied.length,
    ceiling: bootstrap([first, second], ([x, y]) => spearman(x, y)),
    ceilingOfAll: bootstrap(
      full.map((one) => ranked(all.map((key) => one[key][0]))),
      ([x, y]) => spearman(x, y),
    ),
    fullSeconds,
    proxies: plain.map((one) => ({ ...one, onFront: !isBeaten(one) })),
    sizes: { macs: size(0), params: size(1) },
    chosen: chosenProxy(trainings),
    samplesOrEpochs: SAMPLES_OR_EPOCHS.map(compared),
    channelsOrResolution: CHANNELS_OR_RESOLUTION.map(compared),
    entropies: entropiesOf(of),
  };
}

/** Levels of a factor, and the proxies that have them. Their numbers differ, so entropies are of subsets of one size. */
function entropiesOf(of: (name: ProxyName) => readonly number[]): FactorEntropy[] {
  const factors = ["channels", "resolution", "samples", "epochs"] as const;
  return factors.flatMap((factor, place) => {
    const levels = new Map<number, ProxyName[]>();
    for (const name of PROXIES) {
      const level = Number(/^c(\d+)r(\d+)s(\d+)e(\d+)$/.exec(name)![place + 1]);
      levels.set(level, [...(levels.get(level) ?? []), name]);
    }
    const groups = [...levels].filter(([, names]) => names.length > 1).sort(([a], [b]) => a - b);
    const size = Math.min(...groups.map(([, names]) => names.length));
    return groups.map(([level, names]): FactorEntropy => {
      const entropies = subsets(names, size).map((subset) => rankEntropy(subset.map(of)));
      return { factor, level, settings: names.length, of: size, entropy: mean(entropies) };
    });
  });
}

function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]));
}

/** Over networks drawn with replacement. */
function bootstrap(lists: readonly (readonly number[])[], statistic: (lists: number[][]) => number): Estimate {
  return pairedBootstrap(lists, statistic, "econas/bootstrap");
}
