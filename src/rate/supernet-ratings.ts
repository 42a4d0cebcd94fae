import type { StepContext } from "../core";
import type { SupernetDistillation } from "../distill";
import type { StoredTensor } from "../nn";
import type { TaskStepContext } from "../tasks";
import type { FeatureStore } from "../teacher";
import { ratingFeatures } from "../teacher";
import type { CandidateRating } from "./candidate-rating";
import { CellsAhead } from "./cells-ahead";
import { rateBlock } from "./rate-block";
import { type RateOptions, type RatingFeatures, type ResolvedRateOptions, resolveRateOptions } from "./rate-options";
import { studentFeatures } from "./student-features";

export interface SupernetRatingsOptions extends Partial<RateOptions> {
  readonly seed: number;
  /** Validation images; all when left out. */
  readonly images?: number;
  /** Folder of the teacher's features; memory when left out. */
  readonly directory?: string;
}

/** Ratings of a distillation's candidates, block after block: what is rated stays. */
export class SupernetRatings {
  protected readonly options: ResolvedRateOptions;
  private readonly images: number | undefined;
  private readonly directory: string | undefined;
  private readonly rated: (readonly CandidateRating[])[] = [];
  /** What each block is fed with and rated on, as far as is known. */
  private fed: RatingFeatures[] = [];
  private store: FeatureStore | undefined;
  /** Blocks of which cells are rated while others are distilled. */
  private readonly ahead = new Map<number, CellsAhead>();

  /**
   * @param guide Whose best candidates feed the next block: those of other ratings, of these ("itself"), or none: the teacher
   *   does.
   */
  constructor(
    private readonly distillation: SupernetDistillation,
    { images, directory, ...options }: SupernetRatingsOptions,
    private readonly guide: SupernetRatings | "itself" | "teacher",
  ) {
    this.images = images;
    this.directory = directory;
    this.options = resolveRateOptions(options);
  }

  /** The rated candidates of the blocks that are rated. */
  get ratings(): readonly (readonly CandidateRating[])[] {
    return this.rated;
  }

  /** Takes ratings of a block from elsewhere, e.g. a file, where there are none. */
  take(block: number, ratings: readonly CandidateRating[]): void {
    this.rated[block] ??= ratings;
  }

  /** What a block is fed with and rated on; the blocks before it must be distilled. */
  async features(block: number, context: StepContext): Promise<RatingFeatures> {
    if (this.guide === "teacher") return this.teachers(context);
    const guide = this.guide === "itself" ? this : this.guide;
    if (this.fed.length === 0) this.fed.push(await this.teachers(context));
    while (this.fed.length <= block) {
      const last = this.fed.length - 1;
      const ratings = await guide.block(last, context);
      const { supernet } = this.distillation.distilled[last];
      this.fed.push(await studentFeatures(supernet, ratings, this.fed[last], guide.options, context));
    }
    return this.fed[block];
  }

  /**
   * Rates a cell on the context's executor, from its state, while others are distilled; {@link SupernetRatings.block} then has it. Without an
   * executor, or where only this thread can rate, it does nothing.
   * @returns Settles when the cell is rated.
   */
  async begin(
    block: number,
    cell: number,
    state: ReadonlyMap<string, StoredTensor>,
    context: TaskStepContext,
  ): Promise<void> {
    const { ahead, options, rated } = this;
    const { executor } = context;
    if (!executor || options.rating || rated[block] || this.guide !== "teacher") return;
    const features = await this.features(block, context);
    if (features.rest) return;
    const { space } = this.distillation.source;
    const cells = ahead.get(block) ?? new CellsAhead(space, block, features, options, { ...context, executor });
    ahead.set(block, cells);
    await cells.begin(cell, state, context.signal);
  }

  /** Ratings of a block's candidates; the block must be distilled. */
  async block(block: number, context: StepContext): Promise<readonly CandidateRating[]> {
    const { distillation, rated, options, ahead } = this;
    rated[block] ??=
      (await ahead.get(block)?.all()) ??
      (await rateBlock(distillation.distilled[block].supernet, await this.features(block, context), options, context));
    ahead.delete(block);
    return rated[block];
  }

  /** Frees what blocks before one were fed with, which is not asked for any more. */
  forgetBefore(block: number): void {
    for (let before = 0; before < Math.min(block, this.fed.length - 1); before++) delete this.fed[before];
  }

  /** Frees the feature maps; they are computed again where they are asked for. */
  release(): void {
    this.store?.close();
    this.store = undefined;
    this.fed = [];
  }

  private async teachers(context: StepContext): Promise<RatingFeatures> {
    const { images, directory, distillation } = this;
    const { score, seed, rating: own } = this.options;
    const { teacher, data, blocks } = distillation.source;
    const calibration = await distillation.features(context);
    this.store ??= await ratingFeatures(teacher, blocks, data, { seed, images, directory }, context);
    // The teacher's rest takes longer than a candidate: only where the score asks for it, or an own rating may.
    if (score !== "divergence" && !own) return { calibration, rating: this.store };
    return { calibration, rating: this.store, rest: (y, block) => teacher.logitsAfter(blocks[block], y) };
  }
}
