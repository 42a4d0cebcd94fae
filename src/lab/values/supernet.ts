import { ConfigError, checkOptions, formatWhole, type OptionRules, rule, type StepContext } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import type { DistillEpoch, DistilledBlock } from "../../distill";
import { ratedTable } from "../../rate";
import {
  type Candidate,
  countCandidates,
  countCells,
  countNetworks,
  formatShape,
  opLegend,
  opName,
  type SearchSpace,
} from "../../space";
import type { TaskStepContext } from "../../tasks";
import { featureMontage, supernetSketch } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { DistillationJob, LAB_DISTILL_RULES, type LabDistillOptions, loadedJob } from "../session/distillation-job";
import { notebookContext } from "../session/notebook-context";
import { LAB_RATE_RULES, type LabRateOptions } from "../session/rating-job";
import { FEATURE_MAP_RULES, featurePairs, type LabFeatureOptions } from "../words/feature-maps";
import { type OwnScores, type OwnScoresOptions, scoreTable, unratedTable } from "../words/own-scores";
import type { LabBlocks } from "./blocks";
import { LabDistillation } from "./distillation";
import { LabRatings } from "./ratings";

export interface SupernetSaveOptions {
  /** Kernels in half precision. */
  readonly half?: boolean;
}

const SAVE_RULES: OptionRules<SupernetSaveOptions> = { half: rule.boolean };

/** The search space around a teacher's blocks, and its supernets once they are distilled. */
export class LabSupernet implements Displayable {
  private job: DistillationJob | undefined;

  constructor(
    readonly blocks: LabBlocks,
    readonly space: SearchSpace,
  ) {}

  /** Candidates of all blocks: what has to be rated. */
  get candidates(): bigint {
    return countCandidates(this.space);
  }

  /** Networks that the candidates stand for. */
  get networks(): bigint {
    return countNetworks(this.space);
  }

  /**
   * Trains every block's supernet to imitate the teacher's block. With `guideInput: "student"` a block is fed with what the
   * best candidates before it make of the image, so that blocks are also rated on the way (see `rating`).
   *
   * An interrupted distillation goes on where it stopped when it is called again with the same options; other options
   * start anew, and so does a student that is guided by an own rating without a version.
   * @throws TrainingError when a loss is not finite, InterruptedError when stopped.
   */
  async distill(
    options: LabDistillOptions = {},
    context: TaskStepContext = notebookContext(),
  ): Promise<LabDistillation> {
    checkOptions("supernet.distill", options, LAB_DISTILL_RULES);
    const seeded = { ...options, seed: options.seed ?? this.blocks.data.seed };
    if (!this.job?.goesOnWith(seeded)) {
      this.job?.dispose();
      this.job = new DistillationJob(this.space, this.blocks, seeded);
    }
    await this.job.run(context);
    return new LabDistillation(this.space, this.history(), this.job.room);
  }

  /**
   * Writes what the supernets learnt, with their losses, into one safetensors file, which {@link load} reads.
   * @param options `half`: kernels in half precision, for half the size; false unless given. Ratings may then differ in their
   *   last digits from those before.
   * @throws ConfigError when the supernet is not distilled yet, or students fed its blocks.
   */
  save(path: string, options: SupernetSaveOptions = {}): void {
    checkOptions("supernet.save", options, SAVE_RULES);
    const { half = false } = options;
    if (!this.job?.isComplete) {
      throw new ConfigError("supernet.save: the supernet must be distilled first; call await supernet.distill()");
    }
    this.job.save(path, half);
  }

  /**
   * Takes what a supernet of the same space learnt from the same teacher and images, as {@link save} wrote it, instead of
   * distilling; then it is as after `distill()`. The teacher's features of the training images are computed, for rating needs
   * them.
   * @throws DataError when there is no such file.
   * @throws CheckpointError when it is damaged, or of another teacher, other images or another space.
   */
  async load(path: string, context: StepContext = notebookContext()): Promise<LabDistillation> {
    checkOptions("supernet.load", { path }, { path: rule.text });
    const job = loadedJob(path, this.space, this.blocks);
    try {
      await job.run(context);
    } catch (error) {
      job.dispose();
      throw error;
    }
    this.job?.dispose();
    this.job = job;
    return new LabDistillation(this.space, this.history(), job.room);
  }

  /** The blocks' trained supernets so far, to run candidates of by hand; freed by {@link dispose}. */
  get distilled(): readonly DistilledBlock[] {
    return this.job?.distilled ?? [];
  }

  /** Losses so far: `[block][cell][epoch]`. */
  history(): readonly (readonly (readonly DistillEpoch[])[])[] {
    return this.distilled.map(({ history }) => history);
  }

  /**
   * Rates every candidate of every block on validation images.
   * @throws ConfigError when the supernet is not distilled yet, InterruptedError when stopped (blocks rated by then are kept).
   */
  async rate(options: LabRateOptions = {}, context: StepContext = notebookContext()): Promise<LabRatings> {
    checkOptions("supernet.rate", options, LAB_RATE_RULES);
    const { job, space } = this;
    if (!job?.isComplete) {
      throw new ConfigError("supernet.rate: the supernet must be distilled first; call await supernet.distill()");
    }
    const { teacher, data, blocks, featuresOnly } = this.blocks;
    const rating = job.rate({ ...options, seed: options.seed ?? data.seed });
    const table = ratedTable(space, await rating.all(context));
    const seeds = { data: data.seed, distill: job.options.seed, rate: rating.seed };
    const warmStart = (choice: readonly Candidate[]) => job.weights(choice);
    const { score } = rating;
    const session = { teacher, featuresOnly, data, blocks, space, table, seeds, recipe: {}, score, warmStart };
    return new LabRatings(session);
  }

  /**
   * The space's candidates with scores from elsewhere, a table or a predictor, to search by as by ratings: **lower is
   * better**. Nothing needs to be distilled.
   * @param scores A function of the candidate (`ops`, `width`, `cost`, ...), or numbers by its id.
   * @throws ConfigError when a candidate has no finite score.
   */
  withScores(scores: OwnScores, options: OwnScoresOptions = {}): LabRatings {
    const { space } = this;
    const { teacher, data, blocks, featuresOnly } = this.blocks;
    const warmStart = (choice: readonly Candidate[]) => {
      if (this.job?.isComplete) return this.job.weights(choice);
      throw new ConfigError(
        "retrain: warmStart needs what the supernets learnt; call await supernet.distill() first, or leave it out",
      );
    };
    const session = { teacher, featuresOnly, data, blocks, space, seeds: { data: data.seed }, recipe: {}, warmStart };
    return new LabRatings({
      ...session,
      ...scoreTable("supernet.withScores", space, unratedTable(space), scores, options),
    });
  }

  /**
   * Feature maps at the end of a block, teacher's and student's side by side, for training images.
   * @throws ConfigError when the supernet is not distilled yet, or block or candidate do not exist.
   */
  async featureMaps(options: LabFeatureOptions = {}, context: StepContext = notebookContext()): Promise<FigureView> {
    checkOptions("supernet.featureMaps", options, FEATURE_MAP_RULES);
    const { space, job } = this;
    const { block = space.blocks.length, images = 3, channels = 4 } = options;
    const supernet = job?.distilled[block - 1]?.supernet;
    if (!job || !supernet) {
      throw new ConfigError(
        `supernet.featureMaps: block must be one of the ${job?.distilled.length ?? 0} distilled ones (from 1), got ${block}; call await supernet.distill()`,
        { block },
      );
    }
    const candidate = options.candidate ?? this.bestOf(block - 1);
    const features = await job.fed(block - 1, context);
    const pairs = featurePairs(supernet, candidate, features, this.blocks.data.dataset.classes, images);
    const known = space.blocks[block - 1].output.channels;
    const list = typeof channels === "number" ? [...Array(Math.min(channels, known)).keys()] : channels;
    const ops = candidate.path.map((op) => opName(space.blocks[block - 1].ops[op])).join(" ");
    return new FigureView(
      featureMontage({
        title: `Feature maps of block ${block}: teacher and student (${ops})`,
        subtitle: `${formatShape(space.blocks[block - 1].output)}; bright: high; a pair shares the teacher's scale`,
        pairs,
        channels: list,
      }),
    );
  }

  /** The best rated candidate of a block (from 0), before rating the first. */
  private bestOf(block: number): { readonly cell: number; readonly path: readonly number[] } {
    const rated = this.job?.rating?.ratings[block];
    if (rated) return rated.reduce((best, other) => (other.score < best.score ? other : best));
    return { cell: 0, path: Array(this.space.blocks[block].cells[0].depth).fill(0) };
  }

  table(): Table {
    const { space } = this;
    const counts = countCells(space);
    return new Table({
      title: `Search space ${space.name}: ${formatWhole(Number(this.candidates))} candidates, ${this.networks.toLocaleString("en-US")} networks`,
      columns: ["block", "cell", "layers", "channels", "ops", "candidates", "imitates"],
      rows: space.blocks.flatMap(({ cells, ops, input, output }, block) =>
        cells.map(({ depth, width }, cell) => [
          block + 1,
          cell + 1,
          depth,
          width,
          ops.map(opName).join(" "),
          Number(counts[block][cell]),
          `${formatShape(input)} \u2192 ${formatShape(output)}`,
        ]),
      ),
      note: `${opLegend(space.blocks.flatMap(({ ops }) => ops))}. Inside the supernet a cell's last layer emits the teacher's channels.`,
    });
  }

  figure(): FigureView {
    const counts = countCells(this.space);
    return new FigureView(
      supernetSketch(
        this.space.blocks.map(({ cells, input, output }, block) => ({
          block,
          cells: cells.map((cell, i) => ({ ...cell, candidates: Number(counts[block][i]) })),
          input: formatShape(input),
          output: formatShape(output),
        })),
      ),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }

  /** Frees the weights. */
  dispose(): void {
    this.job?.dispose();
    this.job = undefined;
  }
}
