import { ConfigError } from "../core";
import type { FeatureSource } from "../distill";

export interface RateOptions {
  /** Decides which training images calibrate. */
  readonly seed: number;
  /** Training images whose statistics every batch norm takes over before a candidate is rated: one batch. */
  readonly calibrationImages: number;
  /** Images of a rating batch; the score is normalised by each batch's own deviation. */
  readonly batchSize: number;
}

/** Batches of 64 as in the released DNA code; a larger calibration batch gives steadier statistics. */
export const RATE_DEFAULTS: RateOptions = { seed: 1, calibrationImages: 128, batchSize: 64 };

/** The teacher's features that rating needs: neither comes from the test split. */
export interface RatingFeatures {
  /** Of training images. */
  readonly calibration: FeatureSource;
  /** Of validation images; all of them are rated on. */
  readonly rating: FeatureSource;
}

/**
 * Options with the defaults filled in and checked; those given as undefined count as not given.
 * @throws ConfigError naming the option.
 */
export function resolveRateOptions(given: Partial<RateOptions> = {}): RateOptions {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options: RateOptions = { ...RATE_DEFAULTS, ...set };
  for (const name of ["calibrationImages", "batchSize"] as const) {
    if (!Number.isInteger(options[name]) || options[name] < 2) {
      throw new ConfigError(`rate: ${name} must be a whole number from 2, got ${options[name]}`);
    }
  }
  return options;
}
