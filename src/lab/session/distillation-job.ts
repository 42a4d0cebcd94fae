import {
  CheckpointError,
  ConfigError,
  checkOptions,
  fingerprint,
  formatCount,
  InterruptedError,
  type OptionRules,
  rule,
  type StepContext,
} from "../../core";
import {
  type CellCheckpoints,
  DISTILL_RULES,
  type DistilledBlock,
  type DistillOptions,
  distillBlock,
  type FeatureSource,
  fileCheckpoints,
  memoryCheckpoints,
  readSupernet,
  supernetWeights,
  writeSupernet,
} from "../../distill";
import type { RetrainOptions } from "../../retrain";
import type { Candidate, SearchSpace } from "../../space";
import { DNA_MINI, distillFeatures } from "../../systems/dna";
import type { FeatureStore } from "../../teacher";
import type { LabBlocks } from "../values/blocks";
import {
  type Distilled,
  isForgotten,
  LAB_RATE_RULES,
  type LabRateOptions,
  plainRateOptions,
  RatingJob,
} from "./rating-job";

export interface LabDistillOptions extends Partial<DistillOptions> {
  /** Training images whose teacher features are used; 10,000 unless given (all of fewer). */
  readonly images?: number;
  /** Folder to keep features and states in, so that a restarted kernel can go on; memory unless given. */
  readonly directory?: string;
  /**
   * With `guideInput: "student"`: how a block's candidates are rated before the next block is distilled, for the best of
   * them feeds it; as `rate()` does unless given.
   */
  readonly rating?: LabRateOptions;
}

/** What each option must be. */
export const LAB_DISTILL_RULES: OptionRules<LabDistillOptions> = {
  ...DISTILL_RULES,
  images: rule.wholeFrom(1),
  directory: rule.text,
  rating: rule.options(LAB_RATE_RULES),
};

/** Names the options of a distillation, those of the rating on the way among them. */
function distillKey({ rating, ...options }: LabDistillOptions): string {
  return fingerprint({ ...options, rating: rating && plainRateOptions(rating) });
}

/** Whether an own rating guides that nothing says is as it was: a function may see variables that change. */
function forgets({ guideInput, rating }: LabDistillOptions): boolean {
  return guideInput === "student" && rating !== undefined && isForgotten(rating);
}

/** One distillation with fixed options: what is complete stays, so an interrupted one goes on when run again. */
export class DistillationJob implements Distilled {
  private readonly checkpoints: CellCheckpoints;
  private readonly done: DistilledBlock[] = [];
  private store: FeatureStore | undefined;
  /** Rates on the way where the student feeds the blocks. */
  private readonly guide: RatingJob | undefined;
  private latest: RatingJob | undefined;

  constructor(
    private readonly space: SearchSpace,
    readonly blocks: LabBlocks,
    readonly options: LabDistillOptions & { readonly seed: number },
    /** States that are there already; else those in the options' directory, or none. */
    checkpoints?: CellCheckpoints,
  ) {
    const { directory, guideInput, rating } = options;
    this.checkpoints = checkpoints ?? (directory ? fileCheckpoints(directory) : memoryCheckpoints());
    if (guideInput === "student") {
      this.guide = new RatingJob(this, { ...rating, seed: rating?.seed ?? blocks.data.seed }, "itself");
    }
  }

  /** Whether a call with these options goes on with this one: the options are equal, and say all that decides. */
  goesOnWith(options: LabDistillOptions): boolean {
    return !forgets(options) && distillKey(options) === distillKey(this.options);
  }

  get isComplete(): boolean {
    return this.done.length === this.space.blocks.length;
  }

  get distilled(): readonly DistilledBlock[] {
    return this.done;
  }

  /** What the teacher's features take, in words; undefined until they are computed. */
  get room(): string | undefined {
    if (!this.store) return undefined;
    const { count, sizeBytes, memoryBytes } = this.store;
    const place =
      memoryBytes === sizeBytes
        ? "in memory"
        : memoryBytes === 0
          ? "on the disk"
          : `${formatCount(memoryBytes)}B of it in memory`;
    return `Teacher's features of ${count} images: ${formatCount(sizeBytes)}B, ${place}; all threads read the same.`;
  }

  /** The rating that was asked for last. */
  get rating(): RatingJob | undefined {
    return this.latest;
  }

  /** The teacher's features of the training images; computed at the first call. */
  async features(context: StepContext): Promise<FeatureStore> {
    const { images = DNA_MINI.distillImages, directory, seed } = this.options;
    const { teacher, data, blocks } = this.blocks;
    this.store ??= await distillFeatures(teacher, blocks, data, { seed, images, directory }, context);
    return this.store;
  }

  /** Features of the training images as a block is fed with them; the blocks before it must be distilled. */
  async fed(block: number, context: StepContext): Promise<FeatureSource> {
    if (!this.guide) return this.features(context);
    return (await this.guide.features(block, context)).calibration;
  }

  async run(context: StepContext): Promise<void> {
    const { space, checkpoints, options } = this;
    try {
      while (!this.isComplete) {
        const block = this.done.length;
        const features = await this.fed(block, context);
        this.done.push(
          await distillBlock(space, block, features, distillOptions(options), { ...context, checkpoints }),
        );
      }
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      const kept = forgets(options)
        ? "an own rating without a version begins anew: give rating: { rating: { name, rate, version } } to keep what was complete"
        : "what was complete is kept: call distill() again, with the same options, to go on";
      throw new InterruptedError(`${error.message}; ${kept}`, error.details, { cause: error });
    }
  }

  /** The rating with these options, as far as it is: the one that guided, the last one, or a new one. */
  rate(options: LabRateOptions & { readonly seed: number }): RatingJob {
    const wanted = new RatingJob(this, options, this.guide ?? "teacher");
    const known = [this.guide, this.latest].find((job) => job?.key === wanted.key);
    this.latest = known ?? wanted;
    return this.latest;
  }

  /**
   * Keeps what the supernets learnt in one file, which `loadedJob` reads.
   * @throws ConfigError where students fed the blocks: which did is not in the file.
   */
  save(path: string, half: boolean): void {
    const { directory: _, ...options } = this.options;
    if (this.guide) {
      throw new ConfigError(
        'supernet.save: the blocks must have been fed by the teacher, and the best students fed them (guideInput: "student"), which a file does not hold; distil with { directory: "..." } to keep that',
      );
    }
    writeSupernet(path, this.space, this.checkpoints, { options: { ...options }, half });
  }

  /** What the supernets learnt for a network, to start its retraining from. */
  weights(choice: readonly Candidate[]): NonNullable<RetrainOptions["warmStart"]> {
    const { space, checkpoints, options, store } = this;
    const made = fingerprint([{ ...space }, distillOptions(options), store?.fingerprint]);
    // The supernets learnt from images as the teacher sees them.
    const { preprocessing } = this.blocks.teacher;
    return { name: `supernets ${made}`, tensors: supernetWeights(space, choice, checkpoints), preprocessing };
  }

  dispose(): void {
    for (const { supernet } of this.done) supernet.dispose();
    for (const job of [this.guide, this.latest]) job?.release();
    this.store?.close();
  }
}

/**
 * A distillation that is complete, from its file; its `run` only loads.
 * @throws DataError when there is no such file, CheckpointError when it is damaged, something else, or of other cells.
 */
export function loadedJob(path: string, space: SearchSpace, blocks: LabBlocks): DistillationJob {
  const { options, checkpoints, cells } = readSupernet(path);
  const own = space.blocks.map((block) => block.cells.length);
  if (own.join() !== cells.join()) {
    throw new CheckpointError(
      `supernet.load: ${path} must have the cells of ${space.name}, ${own.join(" + ")} by block, got ${cells.join(" + ")}; build the supernet as the saved one was`,
      { path, expected: own, got: cells },
    );
  }
  checkOptions(`supernet.load: ${path}`, options, LAB_DISTILL_RULES);
  return new DistillationJob(space, blocks, options, checkpoints);
}

function distillOptions({ images: _, directory: __, rating: ___, ...options }: LabDistillOptions) {
  return options;
}
