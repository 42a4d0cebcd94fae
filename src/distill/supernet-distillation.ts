import type { StepContext } from "../core";
import type { Dataset } from "../data";
import type { StoredTensor } from "../nn";
import type { SearchSpace } from "../space";
import type { TaskStepContext } from "../tasks";
import type { FeatureStore, Teacher, TeacherBlock } from "../teacher";
import { distillFeatures } from "../teacher";
import { tensorsUnder } from "../train";
import type { CellCheckpoints } from "./cell-checkpoint";
import { type DistilledBlock, distillAhead, distillBlock, loadBlock } from "./distill-block";
import type { DistillOptions } from "./distill-options";
import type { FeatureSource } from "./feature-source";

/** What supernets are distilled from. */
export interface DistillationSource {
  readonly space: SearchSpace;
  readonly teacher: Teacher;
  readonly blocks: readonly TeacherBlock[];
  readonly data: Pick<Dataset, "train" | "validation">;
}

export interface DistillationOptions {
  readonly distill: Partial<DistillOptions> & Pick<DistillOptions, "seed">;
  /** Training images; all when left out. */
  readonly images?: number;
  /** Folder of the teacher's features; memory when left out. */
  readonly directory?: string;
  /** Where the states of a block that is fed with such features are. */
  readonly checkpoints: (features: FeatureSource) => CellCheckpoints;
  /** Takes the states as they are, and trains nothing. */
  readonly loadOnly?: boolean;
}

/** Knows what the best candidates before a block make of the images. */
export interface FeatureGuide {
  features(block: number, context: StepContext): Promise<{ readonly calibration: FeatureSource }>;
}

/**
 * Supernets of a space, block after block: fed with the teacher's features or, see {@link guidedBy}, with what the best
 * candidates before make of the image. What is distilled stays until it is freed.
 */
export class SupernetDistillation {
  private readonly supernets: DistilledBlock[] = [];
  private store: FeatureStore | undefined;
  private guide: FeatureGuide | undefined;

  constructor(
    readonly source: DistillationSource,
    private readonly options: DistillationOptions,
  ) {}

  /** Whose best candidates feed the blocks after their own. */
  guidedBy(guide: FeatureGuide): void {
    this.guide = guide;
  }

  /** By block; those that are not distilled, or freed, are missing. */
  get distilled(): readonly DistilledBlock[] {
    return this.supernets;
  }

  /** The teacher's features of the training images; computed at the first call. */
  async features(context: StepContext): Promise<FeatureStore> {
    const { images, directory, distill } = this.options;
    const { teacher, blocks, data } = this.source;
    this.store ??= await distillFeatures(teacher, blocks, data, { seed: distill.seed, images, directory }, context);
    return this.store;
  }

  /** The teacher's features as far as they are computed. */
  get computedFeatures(): FeatureStore | undefined {
    return this.store;
  }

  /** Features of the training images as a block is fed with them; the blocks before it must be distilled. */
  async fed(block: number, context: StepContext): Promise<FeatureSource> {
    if (!this.guide) return this.features(context);
    return (await this.guide.features(block, context)).calibration;
  }

  /**
   * Blocks fed by the teacher are independent: trains them all at once, where threads are worth it, and leaves their states.
   * @param onCell Told of each cell that is complete, with its weights.
   */
  async ahead(
    blocks: readonly number[],
    context: TaskStepContext,
    onCell?: (block: number, cell: number, weights: ReadonlyMap<string, StoredTensor>) => void,
  ): Promise<void> {
    if (this.guide || this.options.loadOnly) return;
    const { distill, checkpoints } = this.options;
    const features = await this.features(context);
    const states = checkpoints(features);
    await distillAhead(this.source.space, blocks, features, distill, {
      ...context,
      checkpoints: states,
      onCell: (block, cell) => onCell?.(block, cell, tensorsUnder("cell", states.read(block, cell)!.tensors)),
    });
  }

  /** The supernet of a block, distilled at the first call. */
  async block(block: number, context: TaskStepContext): Promise<DistilledBlock> {
    const { supernets, source, options } = this;
    if (!supernets[block]) {
      const features = await this.fed(block, context);
      const checkpoints = options.checkpoints(features);
      supernets[block] = options.loadOnly
        ? loadBlock(source.space, block, features, options.distill, checkpoints)
        : await distillBlock(source.space, block, features, options.distill, { ...context, checkpoints });
    }
    return supernets[block];
  }

  /** Frees a block's weights. */
  free(block: number): void {
    this.supernets[block]?.supernet.dispose();
    delete this.supernets[block];
  }

  /** Frees weights and features. */
  close(): void {
    for (const block of this.supernets.keys()) this.free(block);
    this.store?.close();
    this.store = undefined;
  }
}
