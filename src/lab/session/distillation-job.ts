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
  type DistillOptions,
  type FeatureSource,
  fileCheckpoints,
  memoryCheckpoints,
  readSupernet,
  SupernetDistillation,
  supernetWeights,
  writeSupernet,
} from "../../distill";
import type { RetrainOptions } from "../../retrain";
import type { Candidate, SearchSpace } from "../../space";
import { DNA_MINI } from "../../systems/dna";
import type { TaskStepContext } from "../../tasks";
import type { LabBlocks } from "../values/blocks";
import { isForgotten, LAB_RATE_RULES, type LabRateOptions, plainRateOptions, RatingJob } from "./rating-job";

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
export class DistillationJob {
  private readonly checkpoints: CellCheckpoints;
  private readonly distillation: SupernetDistillation;
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
    const { images = DNA_MINI.distillImages, directory, guideInput, rating } = options;
    this.checkpoints = checkpoints ?? (directory ? fileCheckpoints(directory) : memoryCheckpoints());
    const { teacher, data } = blocks;
    this.distillation = new SupernetDistillation(
      { space, teacher, data, blocks: blocks.blocks },
      {
        distill: { ...distillOptions(options), seed: options.seed },
        images,
        directory,
        checkpoints: () => this.checkpoints,
      },
    );
    if (guideInput === "student") {
      this.guide = new RatingJob(this.distillation, { ...rating, seed: rating?.seed ?? data.seed }, "itself");
      this.distillation.guidedBy(this.guide);
    }
  }

  /** Whether a call with these options goes on with this one: the options are equal, and say all that decides. */
  goesOnWith(options: LabDistillOptions): boolean {
    return !forgets(options) && distillKey(options) === distillKey(this.options);
  }

  get isComplete(): boolean {
    return this.distilled.length === this.space.blocks.length;
  }

  get distilled(): SupernetDistillation["distilled"] {
    return this.distillation.distilled;
  }

  /** What the teacher's features take, in words; undefined until they are computed. */
  get room(): string | undefined {
    const store = this.distillation.computedFeatures;
    if (!store) return undefined;
    const { count, sizeBytes, memoryBytes } = store;
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

  /** Features of the training images as a block is fed with them; the blocks before it must be distilled. */
  fed(block: number, context: StepContext): Promise<FeatureSource> {
    return this.distillation.fed(block, context);
  }

  async run(context: TaskStepContext): Promise<void> {
    const { distillation, space } = this;
    try {
      // Workers elsewhere have no block to wait for.
      if (context.executor) await distillation.ahead([...space.blocks.keys()].slice(this.distilled.length), context);
      while (!this.isComplete) await this.distillation.block(this.distilled.length, context);
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      const kept = forgets(this.options)
        ? "an own rating without a version begins anew: give rating: { rating: { name, rate, version } } to keep what was complete"
        : "what was complete is kept: call distill() again, with the same options, to go on";
      throw new InterruptedError(`${error.message}; ${kept}`, error.details, { cause: error });
    }
  }

  /** The rating with these options, as far as it is: the one that guided, the last one, or a new one. */
  rate(options: LabRateOptions & { readonly seed: number }): RatingJob {
    const wanted = new RatingJob(this.distillation, options, this.guide ?? "teacher");
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
    const { space, checkpoints, options } = this;
    const store = this.distillation.computedFeatures;
    const made = fingerprint([{ ...space }, distillOptions(options), store?.fingerprint]);
    // The supernets learnt from images as the teacher sees them.
    const { preprocessing } = this.blocks.teacher;
    return { name: `supernets ${made}`, tensors: supernetWeights(space, choice, checkpoints), preprocessing };
  }

  dispose(): void {
    for (const job of [this.guide, this.latest]) job?.release();
    this.distillation.close();
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
