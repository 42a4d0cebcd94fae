import type { Estimate } from "../../benchmark";
import { ConfigError, formatCount, nearestName } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import {
  costRatio,
  ECONAS_ARM_TITLES,
  ECONAS_SETTINGS,
  type EconasArmName,
  type EconasArmSummary,
  PROXY_BENCHMARK_TITLES,
  PROXY_BENCHMARKS,
  type ProxyBenchmarkSummary,
  type ProxyComparison,
  type ProxySummary,
  PUBLISHED_GPU_DAYS,
  RELEASED,
  type ReliabilitySummary,
  type StoredEconas,
  type StoredTrainings,
  storedEconas,
  storedTrainings,
  summariseReliability,
  summariseSearches,
} from "../../systems/econas";
import type { MeanInterval } from "../../systems/search-comparison";
import { reliabilityFigure, studyPanels } from "../../viz";
import { FigureView } from "../display/figure-view";
import { estimateWords, meanWords } from "../display/interval-words";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { type Findings, findings } from "../words/findings";

/**
 * EcoNAS' proxies: `npx blockwise study econas-table` trained the networks, `npx blockwise study econas` made the searches, all
 * figures are computed from them here.
 */
export class LabEconas implements Displayable {
  readonly reliability: ReliabilitySummary;
  readonly searches: readonly ProxyBenchmarkSummary[];

  constructor(
    readonly trainings: StoredTrainings,
    readonly stored: StoredEconas,
  ) {
    this.reliability = summariseReliability(trainings);
    this.searches = summariseSearches(stored, trainings);
  }

  /** The searches of one table: "fashion", "cifar100" or "imagenet16". @throws ConfigError for another. */
  of(name: string): ProxyBenchmarkSummary {
    const found = this.searches.find(({ benchmark }) => benchmark === name);
    if (found) return found;
    const meant = nearestName(String(name), PROXY_BENCHMARKS);
    throw new ConfigError(
      `econas: the table must be one of ${PROXY_BENCHMARKS.join(", ")}, got ${JSON.stringify(name)}${meant ? `; did you mean ${meant}?` : ""}`,
      { name },
    );
  }

  /** Every proxy: how it orders the networks, and what it costs. */
  proxies(): Table {
    const { proxies, networks, ceiling, fullSeconds } = this.reliability;
    return new Table({
      title: "Proxies by the processor time of a training",
      columns: ["proxy", "rho", "95 %", "seconds", "times faster", "by multiply-adds", "nominal", "on the front"],
      rows: [...proxies]
        .sort((a, b) => a.acceleration - b.acceleration)
        .map((one) => [
          one.proxy,
          one.rho.value.toFixed(2),
          ends(one.rho),
          one.seconds.toFixed(2),
          one.acceleration.toFixed(1),
          one.macsAcceleration.toFixed(1),
          one.nominalAcceleration.toFixed(0),
          one.onFront ? "yes" : "",
        ]),
      note: `rho: Spearman's, of ${networks} networks' validation accuracies by the proxy and by the full setting from another seed; in the full setting from two seeds it is ${estimateWords(ceiling)}. 95 %: bootstrap over networks. Seconds: median processor time of a training and its validation; ${fullSeconds.toFixed(2)} in the full setting, c0r0s0e${ECONAS_SETTINGS.epochs}. Nominal: every step of an index halves the cost.`,
    });
  }

  /** Reliability against acceleration, the front and the chosen proxy by name. */
  figure(): FigureView {
    const { proxies, ceiling, chosen, networks } = this.reliability;
    return new FigureView(
      reliabilityFigure({
        title: "Which cheap setting keeps the ranks?",
        subtitle: `${networks} networks, Fashion-MNIST; named: what no other proxy beats in both; bars and band: 95 %`,
        points: proxies.map((one) => ({
          name: one.proxy,
          group: groupOf(one),
          acceleration: one.acceleration,
          rho: one.rho.value,
          interval: one.rho.interval,
          labelled: one.onFront || one.proxy === chosen,
        })),
        chosen,
        ceiling: { rho: ceiling.value, interval: ceiling.interval },
        reliable: ECONAS_SETTINGS.reliable * ceiling.value,
        xTitle: "times less processor time than the full setting",
        yTitle: "Spearman's rho with the full setting",
      }),
    );
  }

  /** Pairs of proxies of equal cost. */
  comparisons(): Table {
    const { samplesOrEpochs, channelsOrResolution } = this.reliability;
    const row = (kind: string) => (one: ProxyComparison) => [
      kind,
      one.first,
      one.second,
      one.difference.value.toFixed(2),
      ends(one.difference),
      side(one.difference) === 0 ? "not told apart" : side(one.difference) > 0 ? "the first" : "the second",
    ];
    return new Table({
      title: "Equal cost, two ways",
      columns: ["compared", "first", "second", "rho, first minus second", "95 %", "more reliable"],
      rows: [
        ...samplesOrEpochs.map(row("more samples against more epochs")),
        ...channelsOrResolution.map(row("fewer channels against lower resolution")),
      ],
      note: "Equal iterations in the first part, equal multiply-adds by the rule of halving in the second. 95 %: bootstrap over networks, both proxies on the same draws.",
    });
  }

  /** How far the settings that share a factor's value contradict each other. */
  entropies(): Table {
    return new Table({
      title: "Rank entropy by factor",
      columns: ["factor", "value", "settings that share it", "entropy (bits)"],
      rows: this.reliability.entropies.map(({ factor, level, settings, entropy }) => [
        factor,
        factor === "epochs" ? `${level} epochs` : `index ${level}`,
        settings,
        entropy.toFixed(3),
      ]),
      note: "The formula is ours: for each pair of networks the entropy of the share of settings that have the one above the other, a mean over pairs; of all subsets of as many settings as the smallest group of the factor has. 0: the settings agree; 1: half say this, half that. Settings of a group differ in the other factors.",
    });
  }

  /** Test accuracy of the choice against what was spent, a panel a search, plain evolution in the full setting in grey. */
  curves(name: string): FigureView {
    const { benchmark, arms, best } = this.of(name);
    const series = arms.map(({ arm, curve: { x, y, interval } }) => ({ name: ECONAS_ARM_TITLES[arm], x, y, interval }));
    const reference = series[arms.findIndex(({ arm }) => arm === "plain")];
    return new FigureView(
      studyPanels({
        title: `${PROXY_BENCHMARK_TITLES[benchmark]}: what the search would choose`,
        subtitle: `test accuracy; lines: means of ${this.stored.settings.seeds} seeds, bands: 95 % intervals`,
        series: series.filter((one) => one !== reference),
        reference,
        level: { name: `best of the table (${best.toFixed(2)} %)`, y: best },
        xTitle: "cost (full trainings)",
        yTitle: "test accuracy (%)",
        xType: "log",
        columns: 2,
      }),
    );
  }

  /** What every search costs and finds. */
  table(): Table {
    return new Table({
      title: "Searches by proxies and in the full setting",
      columns: [
        "table",
        "search",
        "cost (full trainings)",
        "of plain evolution's",
        "test accuracy (%)",
        "difference (points)",
      ],
      rows: this.searches.flatMap(({ benchmark, arms }) =>
        arms.map((one) => [
          PROXY_BENCHMARK_TITLES[benchmark],
          ECONAS_ARM_TITLES[one.arm],
          one.cost.mean.toFixed(1),
          one.costShare.toFixed(2),
          one.quality.mean.toFixed(2),
          one.difference ? meanWords(one.difference) : "",
        ]),
      ),
      note: `Means of ${this.stored.settings.seeds} seeds. Cost: in trainings of the mean network in the full setting, by processor time for own trainings, by multiply-adds for NAS-Bench-201's, the finalists' full trainings included. Differences to plain evolution of the same seed, with 95 % intervals. Own trainings: test accuracy of the network trained from another seed, of which the search sees nothing.`,
    });
  }

  /** What is true of these trainings and searches. */
  findings(): Findings {
    const { ceiling, chosen, proxies, sizes, samplesOrEpochs, channelsOrResolution } = this.reliability;
    const own = proxies.find(({ proxy }) => proxy === chosen)!;
    const isReliable = own.rho.value >= ECONAS_SETTINGS.reliable * ceiling.value;
    return findings([
      `The full setting from two seeds orders the networks with rho ${estimateWords(ceiling)}: no proxy can be asked for more.`,
      isReliable
        ? `The reliable proxy here is ${chosen}: rho ${estimateWords(own.rho)} at ${own.acceleration.toFixed(1)} times less processor time (${own.macsAcceleration.toFixed(0)} times fewer multiply-adds). The released code's is c4r4s0e60 of 600 epochs.`
        : `No proxy reaches ${ECONAS_SETTINGS.reliable} of that; the best that stages can be made of is ${chosen}, with rho ${estimateWords(own.rho)}.`,
      `Without any training, multiply-adds order the networks with rho ${estimateWords(sizes.macs)}, parameters with ${estimateWords(sizes.params)}.`,
      verdict("The paper: at equal iterations more samples with fewer epochs keep ranks better", samplesOrEpochs),
      verdict("The paper: reducing channels is more reliable than reducing resolution", channelsOrResolution),
      ...this.searches.map((benchmark) => this.target(benchmark)),
      ...this.searches.map((benchmark) => this.stages(benchmark)),
      this.ratio(),
    ]);
  }

  /** The question of the whole system on one table. */
  private target({ benchmark, arms, plainCostToReach }: ProxyBenchmarkSummary): string {
    const { cost, costShare, difference, quality } = armOf(arms, "hierarchical");
    const reached =
      plainCostToReach === undefined
        ? "Plain evolution's mean never reaches that."
        : `Plain evolution's mean reaches that after ${plainCostToReach.toFixed(1)}, so that the hierarchical proxy costs ${(cost.mean / plainCostToReach).toFixed(2)} times as much as the same by plain evolution.`;
    return `${PROXY_BENCHMARK_TITLES[benchmark]}: evolution with the hierarchical proxy ends with ${quality.mean.toFixed(2)} % at a cost of ${cost.mean.toFixed(1)} full trainings, ${costShare.toFixed(2)} of plain evolution's with as many networks (${costShare <= 1 / 3 ? "at most" : "more than"} a third); against it ${told(difference!)}. ${reached}`;
  }

  private stages({ benchmark, arms }: ProxyBenchmarkSummary): string {
    const [own, one, random] = (["hierarchical", "one-stage", "proxy-random"] as const).map((arm) => armOf(arms, arm));
    const against = (other: EconasArmSummary) => (own.quality.mean - other.quality.mean).toFixed(2);
    return `${PROXY_BENCHMARK_TITLES[benchmark]}, equal training by the proxy: ${own.quality.mean.toFixed(2)} % by stages, ${one.quality.mean.toFixed(2)} % in one stage (${against(one)} points), ${random.quality.mean.toFixed(2)} % by random networks (${against(random)} points); intervals of means ${[own, one, random].map(({ quality }) => meanEnds(quality)).join(", ")}.`;
  }

  /** What the published factor is. */
  private ratio(): string {
    const { published, perImage, counted, jobs } = costRatio();
    return `The published 400 times is a ratio of two papers' costs on their own hardware: ${formatCount(PUBLISHED_GPU_DAYS.amoebanet)} GPU days of AmoebaNet over ${PUBLISHED_GPU_DAYS.econas} are ${published.toFixed(0)}. Counted here, a network of the released proxy needs ${perImage.toFixed(0)} times fewer multiply-adds an image, and the released search (${formatCount(jobs)} trainings of a stage each, ${RELEASED.finalists} full trainings at the end) ${counted.toFixed(0)} times fewer than full trainings of as many networks.`;
  }

  async [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.proxies(), this.figure());
  }
}

/** Which factors a proxy reduces. */
function groupOf({ budget }: ProxySummary): string {
  const { channels, resolution, samples, epochs } = budget;
  const reduced = [
    ...(channels < 1 ? ["channels"] : []),
    ...(resolution < 1 ? ["resolution"] : []),
    ...(samples < 1 || epochs < ECONAS_SETTINGS.epochs ? ["iterations"] : []),
  ];
  return reduced.length === 1 ? reduced[0] : "several";
}

function armOf(arms: readonly EconasArmSummary[], name: EconasArmName): EconasArmSummary {
  return arms.find(({ arm }) => arm === name)!;
}

function ends({ interval: [low, high] }: Estimate): string {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}

function meanEnds({ mean, interval = [mean, mean] }: MeanInterval): string {
  return `${interval[0].toFixed(2)} to ${interval[1].toFixed(2)}`;
}

/** 0 where the interval has both signs. */
function side({ interval: [low, high] }: { readonly interval: readonly [number, number] }): -1 | 0 | 1 {
  if (low > 0) return 1;
  return high < 0 ? -1 : 0;
}

function told(difference: MeanInterval): string {
  const { mean, interval = [mean, mean] } = difference;
  const found = side({ interval });
  const by = `${meanWords(difference)} points`;
  return found === 0 ? `not told apart, ${by}` : `${found > 0 ? "better" : "worse"}, ${by}`;
}

function verdict(claim: string, pairs: readonly ProxyComparison[]): string {
  const count = (sign: number) => pairs.filter(({ difference }) => side(difference) === sign).length;
  const larger = pairs.filter(({ difference }) => difference.value > 0).length;
  return `${claim}. Here the first has the larger rho in ${larger} of ${pairs.length} pairs of equal cost; beyond the interval it is so in ${count(1)}, the other way round in ${count(-1)}.`;
}

/**
 * The stored proxy study and searches of EcoNAS.
 * @param path Of searches that `npx blockwise study econas` wrote; those that ship with Blockwise when left out.
 * @param trainings Of trainings that `npx blockwise study econas-table` made; those that ship when left out.
 * @throws DataError when there are none, or the searches are of other trainings.
 */
export function econas(path?: string, trainings?: string): LabEconas {
  return new LabEconas(storedTrainings(trainings), storedEconas(path));
}
