import { fingerprint, InterruptedError, type OptionRules, rule, type StepContext } from "../../core";
import type { DistilledBlock } from "../../distill";
import {
  type CandidateRating,
  measureName,
  type OwnRating,
  ownRatingIdentity,
  RATE_RULES,
  type RateOptions,
  type RatingFeatures,
  type ResolvedRateOptions,
  rateBlock,
  resolveRateOptions,
  studentFeatures,
} from "../../rate";
import { DNA_MINI, ratingFeatures } from "../../systems/dna";
import type { FeatureStore } from "../../teacher";
import type { LabBlocks } from "../values/blocks";

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

/** What a rating needs of a distillation. */
export interface Distilled {
  readonly blocks: LabBlocks;
  /** The blocks that are complete. */
  readonly distilled: readonly DistilledBlock[];
  /** The teacher's features of the training images. */
  features(context: StepContext): Promise<FeatureStore>;
}

let calls = 0;

/** One rating with fixed options, block by block: what is rated stays, so an interrupted one goes on when run again. */
export class RatingJob {
  /** Names the options; no two calls with an own rating without a version have the same. */
  readonly key: string;
  readonly seed: number;
  private readonly images: number;
  private readonly options: ResolvedRateOptions;
  private readonly rated: CandidateRating[][] = [];
  /** What each block is fed with and rated on, as far as is known. */
  private fed: RatingFeatures[] = [];
  private store: FeatureStore | undefined;

  /**
   * @param guide Whose best candidates feed the next block: those of another rating, of this one ("itself"), or none: the
   *   teacher does.
   */
  constructor(
    private readonly source: Distilled,
    { images = DNA_MINI.ratingImages, ...options }: LabRateOptions & { readonly seed: number },
    private readonly guide: RatingJob | "itself" | "teacher",
  ) {
    this.images = images;
    this.options = resolveRateOptions(options);
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

  /** The rated candidates of the blocks that are rated. */
  get ratings(): readonly (readonly CandidateRating[])[] {
    return this.rated;
  }

  /** What a block is fed with and rated on; the blocks before it must be distilled. */
  async features(block: number, context: StepContext): Promise<RatingFeatures> {
    const teachers = await this.teachers(context);
    if (this.guide === "teacher") return teachers;
    const guide = this.guide === "itself" ? this : this.guide;
    this.fed[0] ??= teachers;
    while (this.fed.length <= block) {
      const last = this.fed.length - 1;
      const ratings = await guide.block(last, context);
      const { supernet } = this.source.distilled[last];
      this.fed.push(await studentFeatures(supernet, ratings, this.fed[last], guide.options, context));
    }
    return this.fed[block];
  }

  /** Ratings of a block's candidates; the block must be distilled. */
  async block(block: number, context: StepContext): Promise<readonly CandidateRating[]> {
    const { source, rated, options } = this;
    rated[block] ??= await rateBlock(
      source.distilled[block].supernet,
      await this.features(block, context),
      options,
      context,
    );
    return rated[block];
  }

  /** Ratings of all blocks. */
  async all(context: StepContext): Promise<readonly (readonly CandidateRating[])[]> {
    try {
      for (const block of this.source.distilled.keys()) await this.block(block, context);
      return this.rated;
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

  /** Frees the feature maps; they are computed again where they are asked for. */
  release(): void {
    this.store?.close();
    this.store = undefined;
    this.fed = [];
  }

  private async teachers(context: StepContext): Promise<RatingFeatures> {
    const { images, seed, source } = this;
    const { teacher, data, blocks } = source.blocks;
    const calibration = await source.features(context);
    this.store ??= await ratingFeatures(teacher, blocks, data, { seed, images }, context);
    // The teacher's rest takes longer than a candidate: only where the score asks for it, or an own rating may.
    if (this.options.score !== "divergence" && !this.options.rating) return { calibration, rating: this.store };
    return { calibration, rating: this.store, rest: (y, block) => teacher.logitsAfter(blocks[block], y) };
  }
}
