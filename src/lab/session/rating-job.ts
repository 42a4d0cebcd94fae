import { fingerprint, InterruptedError, type OptionRules, rule, type StepContext } from "../../core";
import type { SupernetDistillation } from "../../distill";
import {
  type CandidateRating,
  measureName,
  type OwnRating,
  ownRatingIdentity,
  RATE_RULES,
  type RateOptions,
  SupernetRatings,
} from "../../rate";
import { DNA_MINI } from "../../systems/dna";

export interface LabRateOptions extends Partial<RateOptions> {
  /** Validation images to rate on; 512 unless given (all of fewer). */
  readonly images?: number;
}

/** What each option must be. */
export const LAB_RATE_RULES: OptionRules<LabRateOptions> = { ...RATE_RULES, images: rule.wholeFrom(1) };

/** Rate options as plain data: an own rating by its name, its text and its version, or which function it is. */
export function plainRateOptions({ rating, ...options }: LabRateOptions): Readonly<Record<string, unknown>> {
  if (!rating) return options;
  const own: OwnRating = typeof rating === "function" ? { name: rating.name, rate: rating } : rating;
  return { ...options, rating: typeof own.rate === "function" ? ownRatingIdentity(own) : own };
}

/** Whether a later call rates anew: with an own rating without a version, for nothing says that the function is as it was. */
export function isForgotten({ rating }: LabRateOptions): boolean {
  return rating !== undefined && (typeof rating === "function" || rating.version === undefined);
}

let calls = 0;

/** One rating with fixed options, block by block: what is rated stays, so an interrupted one goes on when run again. */
export class RatingJob extends SupernetRatings {
  /** Names the options; no two calls with an own rating without a version have the same. */
  readonly key: string;
  readonly seed: number;

  /**
   * @param guide Whose best candidates feed the next block: those of another rating, of this one ("itself"), or none: the
   *   teacher does.
   */
  constructor(
    private readonly supernets: SupernetDistillation,
    { images = DNA_MINI.ratingImages, ...options }: LabRateOptions & { readonly seed: number },
    guide: RatingJob | "itself" | "teacher",
  ) {
    super(supernets, { images, ...options }, guide);
    this.seed = options.seed;
    this.key = fingerprint({
      ...plainRateOptions({ images, ...this.options }),
      ...(isForgotten(this.options) && { call: ++calls }),
    });
  }

  /** Name of what candidates are scored by. */
  get score(): string {
    return measureName(this.options);
  }

  /** Ratings of all blocks. */
  async all(context: StepContext): Promise<readonly (readonly CandidateRating[])[]> {
    try {
      for (const block of this.supernets.distilled.keys()) await this.block(block, context);
      return this.ratings;
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      const kept = isForgotten(this.options)
        ? "an own rating without a version begins anew: give { name, rate, version } to keep rated blocks"
        : "rated blocks are kept: call rate() again to go on";
      throw new InterruptedError(`${error.message}; ${kept}`, error.details, { cause: error });
    } finally {
      this.release();
    }
  }
}
