import { checkOptions, type OptionRules, Progress, Rng, rule, type StepContext } from "../core";
import { type Augmentation, checkAugmentation, type Dataset, epochOrder, takeBatch } from "../data";
import { tf } from "../engine";
import { type ForwardContext, linearKernel, type Module, ParameterContainer, sgd } from "../nn";
import { type ContrastiveForm, contrastiveLoss } from "./contrastive-loss";
import { type EpochWork, fit, type TrainingStep } from "./fit";
import { mixedLoss } from "./losses";
import { MemoryBank } from "./memory-bank";

/** A network that gives features of images, `[batch, features]`. */
export interface Embedder extends Module {
  logits(images: tf.Tensor4D, context: ForwardContext): tf.Tensor2D;
}

export interface ContrastiveOptions {
  readonly seed: number;
  readonly epochs: number;
  /** Features that the network gives. */
  readonly features: number;
  readonly batchSize?: number;
  /** Of SGD with momentum, which stays as it is: 1e-3 in CSNAS' released code. */
  readonly learningRate?: number;
  readonly momentum?: number;
  readonly temperature?: number;
  readonly form?: ContrastiveForm;
  /** Images that each is told apart from. */
  readonly negatives?: number;
  /** Whether negatives are drawn anew for each batch, or the same in every epoch, as by the fixed seed of the released code. */
  readonly freshNegatives?: boolean;
  /** How the two views of an image differ from it. */
  readonly views?: Augmentation;
  readonly task?: string;
}

/** What is not given. */
export const CONTRASTIVE_DEFAULTS = {
  batchSize: 64,
  learningRate: 0.03,
  momentum: 0.9,
  temperature: 0.07,
  form: "infonce",
  negatives: 126,
  freshNegatives: true,
  views: { flip: true, shift: 3, erase: { share: 0.5 } },
  task: "train without labels",
} as const satisfies Omit<ContrastiveOptions, "seed" | "epochs" | "features">;

/** What each option must be. */
export const CONTRASTIVE_RULES: OptionRules<ContrastiveOptions> = {
  seed: rule.whole,
  epochs: rule.wholeFrom(1),
  features: rule.wholeFrom(1),
  batchSize: rule.wholeFrom(1),
  learningRate: rule.above(0),
  momentum: rule.below(0, 1),
  temperature: rule.above(0),
  form: rule.oneOf("infonce", "pirl"),
  negatives: rule.wholeFrom(1),
  freshNegatives: rule.boolean,
  views: rule.any,
  task: rule.text,
};

/** Share of the older row that stays in the memory. */
const KEPT = 0.5;

export interface ContrastiveEpoch {
  readonly epoch: number;
  /** Mean over the epoch, in nats: of chance about log(1 + negatives). */
  readonly loss: number;
  readonly durationMs: number;
}

/**
 * Trains a network without labels (CSNAS, Nguyen and Chang, arXiv 2102.10557, as the released code does it): what it says of an
 * image, and what it says of two views of it together, are both to be near the image's row of a memory and far from other
 * images' rows. Half of the loss is of either. The last, incomplete batch of an epoch is left out.
 * @param data Of the training images `[height, width, channels]`; its labels are not read.
 * @returns Each epoch's loss; the last one's is what a label-free search goes by.
 * @throws TrainingError when the loss is not finite, InterruptedError when stopped, ConfigError for options out of range.
 */
export async function trainContrastive(
  network: Embedder,
  data: Pick<Dataset, "train" | "shape" | "preprocessing">,
  options: ContrastiveOptions,
  context: StepContext = {},
): Promise<ContrastiveEpoch[]> {
  checkOptions("trainContrastive", options, CONTRASTIVE_RULES);
  const settings = { ...CONTRASTIVE_DEFAULTS, ...options };
  const { seed, epochs, features, task, learningRate, momentum } = settings;
  checkAugmentation(settings.views, data.shape, task);
  const batchSize = Math.min(settings.batchSize, data.train.count);
  const steps = Math.floor(data.train.count / batchSize);
  const rng = new Rng(seed).fork("contrastive training");
  const memory = new MemoryBank(data.train.count, features, KEPT);
  fill(memory, network, data, batchSize);
  const joined = new JoinedViews(features, rng.fork("joined views"));
  const work: ContrastiveWork = { network, joined, memory, data, settings, batchSize };
  try {
    return await fit<ContrastiveEpoch>({
      task,
      epochs,
      steps,
      modules: { network, joined },
      optimizers: { optimizer: { optimizer: sgd({ momentum }), schedule: () => learningRate } },
      advice: "Lower the learning rate",
      progress: (done) => new Progress(context, task, epochs * steps, "batches", done),
      epoch: (epoch) => contrastiveEpoch(work, rng.fork(`epoch${epoch}`), rng.fork("fixed negatives")),
    });
  } finally {
    joined.dispose();
  }
}

/** Features of two views of an image, made features of one (512 to 256 in the released code). */
class JoinedViews extends ParameterContainer {
  private readonly kernel: tf.Variable<tf.Rank.R2>;

  constructor(features: number, rng: Rng) {
    super();
    this.kernel = this.parameter("kernel", linearKernel(2 * features, features, rng));
  }

  /** @param first `[batch, features]` @param second `[batch, features]` */
  forward(first: tf.Tensor2D, second: tf.Tensor2D): tf.Tensor2D {
    return tf.matMul(tf.concat([first, second], 1), this.kernel) as tf.Tensor2D;
  }
}

interface ContrastiveWork {
  readonly network: Embedder;
  readonly joined: JoinedViews;
  readonly memory: MemoryBank;
  readonly data: Pick<Dataset, "train" | "shape" | "preprocessing">;
  readonly settings: Required<ContrastiveOptions>;
  readonly batchSize: number;
}

/** What the network says of every image before it has learnt anything. */
function fill(memory: MemoryBank, network: Embedder, data: ContrastiveWork["data"], batchSize: number): void {
  for (let start = 0; start < memory.images; start += batchSize) {
    const indices = Array.from({ length: Math.min(batchSize, memory.images - start) }, (_, i) => start + i);
    const { images, labels } = takeBatch(data.train, indices, data);
    const values = tf.tidy(() => network.logits(images, { mode: "batch" }).dataSync());
    memory.add(indices, values);
    tf.dispose([images, labels]);
  }
}

function contrastiveEpoch(work: ContrastiveWork, rng: Rng, fixed: Rng): EpochWork<ContrastiveEpoch> {
  const { network, joined, memory, data, settings, batchSize } = work;
  const { temperature, form, negatives, freshNegatives, views } = settings;
  const order = epochOrder(data.train.count, rng.fork("order"));
  const parameters = new Map([
    ...[...network.parameters()].map(([name, variable]) => [`network.${name}`, variable] as const),
    ...[...joined.parameters()].map(([name, variable]) => [`joined.${name}`, variable] as const),
  ]);
  const at = (index: number) => order.subarray(index * batchSize, (index + 1) * batchSize);
  let said: ArrayLike<number> = [];
  return {
    step(index): TrainingStep {
      const indices = at(index);
      const own = rng.fork(`step${index}`);
      const seen = [undefined, "first view", "second view"].map((view) => {
        const draws = view === undefined ? undefined : { ...views, rng: own.fork(view) };
        const { images, labels } = takeBatch(data.train, indices, data, draws);
        labels.dispose();
        return images;
      });
      const images = tf.concat(seen, 0) as tf.Tensor4D;
      tf.dispose(seen);
      const draws = freshNegatives ? own.fork("negatives") : fixed.fork(`step${index}`);
      const others = memory.take(memory.others(negatives, indices, draws));
      const rows = memory.take(indices);
      const loss = () => {
        const all = network.logits(images, { mode: "train", rng: own.fork("network") });
        const [plain, first, second] = tf.split(all, 3, 0) as tf.Tensor2D[];
        said = plain.dataSync();
        const of = (view: tf.Tensor2D) => contrastiveLoss({ view, own: rows, others }, temperature, form);
        return mixedLoss([
          { loss: of(joined.forward(first, second)), share: 0.5 },
          { loss: of(plain), share: 0.5 },
        ]);
      };
      return { passes: [{ parameters, loss }], tensors: [images, others, rows] };
    },
    moved: (index) => memory.add(at(index), said),
    record: ({ epoch, loss, durationMs }) => ({ epoch, loss, durationMs }),
  };
}
