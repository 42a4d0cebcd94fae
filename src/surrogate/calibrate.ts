import { ConfigError, checkOptions, type OptionRules, type Rng, rule, SpaceError } from "../core";
import type { FoundNetwork, RatedCandidate, RatingTable } from "../search";
import { chooseVariances } from "./choose-variances";
import { type EffectTermsOptions, effectTerms, RATING_TERMS } from "./effect-terms";
import { type ErrorScale, errorScale, POWERS } from "./error-scale";
import { type Choice, NetworkProcess } from "./network-process";

/** A trained network: one candidate a block, and its accuracy, 0..1. */
export interface Evidence {
  readonly choice: readonly Pick<RatedCandidate, "cell" | "path">[];
  readonly accuracy: number;
  /** Multiply-adds, for figures. */
  readonly macs?: number;
}

export interface CalibrationOptions extends EffectTermsOptions {
  /** Powers of the error to choose from by likelihood; see {@link ErrorScale}. */
  readonly powers?: readonly number[];
}

/** What is expected of a network. */
export interface ExpectedAccuracy {
  /** Accuracy in the middle of what is expected, 0..1. */
  readonly accuracy: number;
  /** The middle 95 % of what is expected of its accuracy, a training's own noise left out. */
  readonly low: number;
  readonly high: number;
}

/** How well networks were predicted that the fit did not see: each left out once, the variances as all networks chose them. */
export interface LeftOut {
  /** Predicted accuracies, 0..1, in the networks' order. */
  readonly predicted: readonly number[];
  /** Root of the mean squared error in accuracy, and that of predicting the mean accuracy. */
  readonly rmse: number;
  readonly rmseOfMean: number;
}

const RULES: OptionRules<CalibrationOptions> = {
  ops: rule.any,
  ratings: rule.boolean,
  powers: rule.list(rule.within(-4, 2)),
};
/** Networks below which there is nothing to learn a spread from. */
export const FEWEST = 4;
/** What the power of the error is expected to be, and how far off: chosen on the tuning networks of NAS-Bench-Macro. */
const EXPECTED_POWER = -1;
const POWER_SPREAD = 1;
/** Of a normal distribution's middle 95 %. */
const MIDDLE = 1.96;

/** Ratings made true by trained networks: a {@link NetworkProcess} on a scale of the error. */
export class Calibration {
  private readonly places: readonly ReadonlyMap<string, number>[];

  constructor(
    readonly table: RatingTable,
    readonly evidence: readonly Evidence[],
    readonly process: NetworkProcess,
    readonly scale: ErrorScale,
    private readonly centre: number,
    private readonly unit: number,
  ) {
    this.places = candidatePlaces(table);
  }

  /** The same scale and variances with further networks: what is cheap between two choices of them. */
  with(evidence: readonly Evidence[]): Calibration {
    const { terms, variances } = this.process;
    checkEvidence(evidence);
    const choices = evidence.map((network) => this.choiceOf(network));
    const values = evidence.map(({ accuracy }) => this.toScale(accuracy));
    const process = new NetworkProcess(this.table, terms, choices, values, variances);
    return new Calibration(this.table, evidence, process, this.scale, this.centre, this.unit);
  }

  /** The same of a table that says more of the same candidates, such as measured latencies. */
  withTable(table: RatingTable): Calibration {
    return new Calibration(table, this.evidence, this.process, this.scale, this.centre, this.unit);
  }

  /** Whether ratings were read. */
  get readsRatings(): boolean {
    return this.process.terms.some(({ name }) => RATING_TERMS.includes(name));
  }

  /**
   * The posterior mean as scores for the searchers, lower is better: a network's sum is minus its mean on the scale of the
   * calibration. Costs and all else are the table's.
   */
  calibrated<R extends RatedCandidate, T extends RatingTable & { readonly blocks: readonly (readonly R[])[] }>(
    table: T,
  ): T {
    return withContributions(table, this.process.contributions(), this.process.constant);
  }

  /** A draw of what may be true, as scores for the searchers: its best network is one that may be the best. */
  sampled<R extends RatedCandidate, T extends RatingTable & { readonly blocks: readonly (readonly R[])[] }>(
    rng: Rng,
    table: T,
  ): T {
    const { contributions, constant } = this.process.sample(rng);
    return withContributions(table, contributions, constant);
  }

  /** What is expected of a network. @throws SpaceError when it is not of the table. */
  predict(network: Pick<Evidence, "choice">): ExpectedAccuracy {
    const choice = this.choiceOf(network);
    const [mean, deviation] = [this.process.mean(choice), Math.sqrt(Math.max(0, this.process.variance(choice)))];
    const at = (value: number) => this.scale.from(this.centre + this.unit * value);
    return { accuracy: at(mean), low: at(mean - MIDDLE * deviation), high: at(mean + MIDDLE * deviation) };
  }

  /** A network as one index a block. @throws SpaceError when it is not of the table. */
  choiceOf(network: Pick<Evidence, "choice">): Choice {
    return placed(this.table, this.places, network);
  }

  /** An accuracy on the scale of the process, where observations have mean 0 and variance 1. */
  toScale(accuracy: number): number {
    return (this.scale.to(accuracy) - this.centre) / this.unit;
  }

  /** Back from {@link toScale}. */
  fromScale(value: number): number {
    return this.scale.from(this.centre + this.unit * value);
  }

  /** Standard deviation of one training about the sum over blocks, in accuracy, at the median of the trained networks. */
  get noise(): number {
    const sorted = this.evidence.map(({ accuracy }) => accuracy).sort((a, b) => a - b);
    const middle = this.toScale(sorted[sorted.length >> 1]);
    const deviation = Math.sqrt(this.process.variances.noise);
    return (this.fromScale(middle + deviation) - this.fromScale(middle - deviation)) / 2;
  }

  /**
   * Share of the ratings' terms in the spread of the posterior mean over all networks of the table, 0..1 but for terms that
   * work against each other; 0 where no ratings were read.
   */
  get ratingShare(): number {
    if (!this.readsRatings) return 0;
    const all = this.process.contributions();
    const own = this.process.contributions(({ name }) => RATING_TERMS.includes(name));
    let [shared, total] = [0, 0];
    all.forEach((block, b) => {
      shared += covariance(own[b], block);
      total += covariance(block, block);
    });
    return total > 0 ? shared / total : 0;
  }

  leftOut(): LeftOut {
    const truth = this.evidence.map(({ accuracy }) => accuracy);
    const predicted = this.process.leaveOneOut().map(({ mean }) => this.fromScale(mean));
    const mean = average(truth);
    return {
      predicted,
      rmse: rootMeanSquare(truth.map((accuracy, i) => accuracy - predicted[i])),
      rmseOfMean: rootMeanSquare(truth.map((accuracy) => accuracy - mean)),
    };
  }
}

/**
 * Calibrates a table by trained networks: a Gaussian process whose mean is a sum over blocks, on the power of the error that
 * the networks' likelihood prefers. A network may come several times, each training an observation.
 * @param evidence Four networks at least; ten to thirty say most.
 * @throws ConfigError when there are too few, all accuracies are equal, or one is not within 0..1.
 * @throws SpaceError when a network is not of the table, or a rating is no finite number.
 */
export function calibrate(
  table: RatingTable,
  evidence: readonly Evidence[],
  options: CalibrationOptions = {},
): Calibration {
  checkOptions("calibrate", options, RULES);
  checkEvidence(evidence);
  const { powers = POWERS, ...given } = options;
  const terms = effectTerms(table, given);
  const places = candidatePlaces(table);
  const choices = evidence.map((network) => placed(table, places, network));
  const fits = powers.map((power) => {
    const scale = errorScale(power);
    const raised = evidence.map(({ accuracy }) => scale.to(accuracy));
    const centre = average(raised);
    const unit = rootMeanSquare(raised.map((value) => value - centre)) || 1;
    const values = raised.map((value) => (value - centre) / unit);
    const { variances, evidence: likelihood } = chooseVariances(terms, choices, values);
    // The same accuracies on other scales: the slopes make their densities comparable.
    const slopes = evidence.reduce((total, { accuracy }) => total + scale.logSlope(accuracy), 0);
    const prior = -0.5 * ((power - EXPECTED_POWER) / POWER_SPREAD) ** 2;
    return {
      scale,
      centre,
      unit,
      values,
      variances,
      fit: likelihood - evidence.length * Math.log(unit) + slopes + prior,
    };
  });
  const { scale, centre, unit, values, variances } = fits.reduce((best, one) => (one.fit > best.fit ? one : best));
  const process = new NetworkProcess(table, terms, choices, values, variances);
  return new Calibration(table, evidence, process, scale, centre, unit);
}

/** The sum of a network's scores is minus its mean: every block has its contribution and its part of the constant. */
function withContributions<
  R extends RatedCandidate,
  T extends RatingTable & { readonly blocks: readonly (readonly R[])[] },
>(table: T, contributions: readonly (readonly number[])[], constant: number): T {
  const part = constant / table.blocks.length;
  return {
    ...table,
    blocks: table.blocks.map((rows, block) =>
      rows.map((row, i) => ({ ...row, score: -contributions[block][i] - part })),
    ),
  };
}

function checkEvidence(evidence: readonly Evidence[]): void {
  if (evidence.length < FEWEST) {
    throw new ConfigError(
      `calibrate: at least ${FEWEST} trained networks are needed, got ${evidence.length}; train more, e.g. ratings.improve(...)`,
      { networks: evidence.length },
    );
  }
  const odd = evidence.findIndex(({ accuracy }) => !(accuracy >= 0 && accuracy <= 1));
  if (odd >= 0) {
    throw new ConfigError(
      `calibrate: an accuracy must be a share, 0 to 1, got ${evidence[odd].accuracy} of network ${odd + 1}; leave out what was not measured`,
      { network: odd },
    );
  }
  if (evidence.every(({ accuracy }) => accuracy === evidence[0].accuracy)) {
    throw new ConfigError(
      `calibrate: the trained networks must differ in accuracy, all have ${evidence[0].accuracy}; train longer or others`,
    );
  }
}

function candidatePlaces({ blocks }: RatingTable): Map<string, number>[] {
  return blocks.map((rows) => new Map(rows.map((row, i) => [placeKey(row), i])));
}

function placeKey({ cell, path }: Pick<RatedCandidate, "cell" | "path">): string {
  return `${cell}:${path.join()}`;
}

function placed(
  { space, blocks }: RatingTable,
  places: readonly ReadonlyMap<string, number>[],
  { choice }: Pick<FoundNetwork, "choice"> | Pick<Evidence, "choice">,
): Choice {
  const own = Array.isArray(choice) ? choice : [];
  const found = places.map((of, block) => own[block] && of.get(placeKey(own[block])));
  if (own.length === blocks.length && found.every((place) => place !== undefined)) return found as number[];
  throw new SpaceError(
    `calibrate: a network must be one of the rated space ${space}, got one with candidates that are not of it; take networks of this search`,
    { space },
  );
}

function covariance(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [average(a), average(b)];
  return average(a.map((value, i) => (value - meanA) * (b[i] - meanB)));
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(average(values.map((value) => value ** 2)));
}
