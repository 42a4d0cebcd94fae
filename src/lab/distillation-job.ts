import { InterruptedError, type StepContext } from "../core";
import {
  type CellCheckpoints,
  type DistilledBlock,
  type DistillOptions,
  distillBlock,
  fileCheckpoints,
  memoryCheckpoints,
} from "../distill";
import type { SearchSpace } from "../space";
import { DNA_MINI, distillFeatures } from "../systems/dna";
import type { FeatureStore } from "../teacher";
import type { LabBlocks } from "./lab-blocks";

export interface LabDistillOptions extends Partial<DistillOptions> {
  /** Training images whose teacher features are used; 10,000 unless given (all of fewer). */
  readonly images?: number;
  /** Folder to keep features and states in, so that a restarted kernel can go on; memory unless given. */
  readonly directory?: string;
}

/** One distillation with fixed options: what is complete stays, so an interrupted one goes on when run again. */
export class DistillationJob {
  private readonly checkpoints: CellCheckpoints;
  private readonly done: DistilledBlock[] = [];
  private store: FeatureStore | undefined;

  constructor(
    private readonly space: SearchSpace,
    private readonly blocks: LabBlocks,
    readonly options: LabDistillOptions & { readonly seed: number },
  ) {
    this.checkpoints = options.directory ? fileCheckpoints(options.directory) : memoryCheckpoints();
  }

  get isComplete(): boolean {
    return this.done.length === this.space.blocks.length;
  }

  get distilled(): readonly DistilledBlock[] {
    return this.done;
  }

  /** The teacher's features of the training images; computed at the first call. */
  async features(context: StepContext): Promise<FeatureStore> {
    const { images = DNA_MINI.distillImages, directory, seed } = this.options;
    const { teacher, data, blocks } = this.blocks;
    this.store ??= await distillFeatures(teacher, blocks, data, { seed, images, directory }, context);
    return this.store;
  }

  async run(context: StepContext): Promise<void> {
    const { space, checkpoints, options } = this;
    try {
      const features = await this.features(context);
      while (!this.isComplete) {
        const block = this.done.length;
        this.done.push(
          await distillBlock(space, block, features, distillOptions(options), { ...context, checkpoints }),
        );
      }
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      throw new InterruptedError(
        `${error.message}; what was complete is kept: call distill() again, with the same options, to go on`,
        error.details,
        { cause: error },
      );
    }
  }

  dispose(): void {
    for (const { supernet } of this.done) supernet.dispose();
    this.store?.close();
  }
}

function distillOptions({ images: _, directory: __, ...options }: LabDistillOptions): Partial<DistillOptions> {
  return options;
}
