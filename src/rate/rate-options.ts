import { ConfigError, checkOptions, type OptionRules, rule } from "../core";
import type { FeatureSource } from "../distill";
import type { tf } from "../engine";
import { type OwnRating, type RatingFunction, resolveOwnRating } from "./own-rating";

/** The measures of imitation that can be a candidate's score, by their names in {@link CandidateRating}. */
export const SCORES = ["relativeL1", "relativeMse", "nsr", "divergence"] as const;

export interface RateOptions {
  /** Decides which training images calibrate. */
  readonly seed: number;
  /** Training images whose statistics every batch norm takes over before a candidate is rated: one batch. */
  readonly calibrationImages: number;
  /** Images of a rating batch; the score is normalised by each batch's own deviation. */
  readonly batchSize: number;
  /**
   * What a candidate is scored by. "relativeL1": mean |Y - Yhat| / std(Y) of each batch (DNA, eq. 6; `cl_loss` in the
   * released code). "relativeMse": mean squared error over the variance (`rela_loss` there). "nsr": noise-to-signal power
   * of each channel, averaged over channels, so that no channel counts for its scale (DONNA, arXiv 2012.08859).
   * "divergence": what the error does to the teacher's answers, when the candidate stands in the block's place (Puzzle,
   * arXiv 2411.19146; LANA, ECCV 2022, has the loss in place of the divergence); it needs the features' `rest`.
   */
  readonly score: (typeof SCORES)[number];
  /**
   * An own function of student's and teacher's feature maps that candidates are scored by in place of `score`; the measures
   * above are taken beside it, but the divergence. It runs in this thread: no worker has it.
   */
  readonly rating?: OwnRating | RatingFunction;
  /**
   * Whether batch norms take over the statistics of the calibration batch before a candidate is rated (`reset_bn_eval` in
   * the released code). Without it they have the running ones of the distillation, in which all paths are mixed.
   */
  readonly recalibrate: boolean;
  /**
   * What stands between a candidate's output and the comparison. "none": nothing, as in the papers. "linear": the linear map
   * of its channels that comes nearest to the teacher's, fitted for each candidate on the calibration images in closed form
   * (no step of training): then a candidate is rated by what can be read from its output, not by how far a short
   * distillation brought its last layer. Give calibration images with several times more places than the teacher has
   * channels; needs `recalibrate`.
   */
  readonly readout: "none" | "linear";
}

/** Batches of 64 as in the released DNA code; a larger calibration batch gives steadier statistics. */
export const RATE_DEFAULTS: RateOptions = {
  seed: 1,
  calibrationImages: 128,
  batchSize: 64,
  score: "relativeL1",
  recalibrate: true,
  readout: "none",
};

/** What each option must be. */
export const RATE_RULES: OptionRules<RateOptions> = {
  seed: rule.whole,
  calibrationImages: rule.wholeFrom(2),
  batchSize: rule.wholeFrom(2),
  score: rule.oneOf(...SCORES),
  // Checked by resolveOwnRating.
  rating: rule.any,
  recalibrate: rule.boolean,
  readout: rule.oneOf("none", "linear"),
};

/** The teacher's features that rating needs: neither comes from the test split. */
export interface RatingFeatures {
  /** Of training images. */
  readonly calibration: FeatureSource;
  /** Of validation images; all of them are rated on. */
  readonly rating: FeatureSource;
  /** The teacher from the end of a block on: logits `[batch, classes]`. With it candidates get a divergence, too. */
  readonly rest?: (y: tf.Tensor4D, block: number) => tf.Tensor2D;
}

/** Checked options. */
export interface ResolvedRateOptions extends RateOptions {
  readonly rating?: OwnRating;
}

/** The name of what candidates are scored by. */
export function measureName({ score, rating }: ResolvedRateOptions): string {
  return rating?.name ?? score;
}

/**
 * Options with the defaults filled in and checked; those given as undefined count as not given. An own rating has its name.
 * @throws ConfigError naming the option.
 */
export function resolveRateOptions(given: Partial<RateOptions> = {}): ResolvedRateOptions {
  checkOptions("rate", given, RATE_RULES);
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options: RateOptions = { ...RATE_DEFAULTS, ...set };
  if (options.readout === "linear" && !options.recalibrate) {
    throw new ConfigError(
      'rate: readout "linear" is fitted on the calibration images, which recalibrate: false leaves out; leave recalibrate at true',
    );
  }
  if (!options.rating) return { ...options, rating: undefined };
  // Options that were resolved before have the default.
  if (options.score !== RATE_DEFAULTS.score) {
    throw new ConfigError(
      `rate: either score or rating must be given, got both (score "${options.score}"); leave one out`,
    );
  }
  return { ...options, rating: resolveOwnRating(options.rating, SCORES) };
}
