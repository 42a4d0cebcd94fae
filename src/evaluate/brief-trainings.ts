import { ConfigError, Rng, type StepContext } from "../core";
import { type Dataset, drawImages, takeImages, withResolution } from "../data";
import { type RetrainOptions, TrainingsProgress, trainAll } from "../retrain";
import type { Budget, EvaluationBudget, FoundNetwork, RatingTable } from "../search";
import { type Architecture, assemble, opName, reducedNetwork, type SearchSpace } from "../space";
import { BRIEF_DEFAULTS, type ImproveRound, improveRatings } from "../surrogate";
import { namedBudget, type ReducedBudget, reducedBudget } from "./reduced-budget";

/** Which networks are trained briefly, how many, and how. */
export interface EvidenceOptions {
  /** Networks to train in all: four at least. */
  readonly networks?: number;
  /** Rounds: each later one trains what those before make likely or leave uncertain. */
  readonly rounds?: number;
  /** Budgets that the networks are to be good at. */
  readonly budgets: readonly Budget[];
  /** Training images of these trainings, drawn by the seed; all unless given. */
  readonly images?: number;
  /**
   * A cheaper setting of each training (EcoNAS): shares of channels, resolution and training images, and epochs, or such a
   * proxy's name, "c2r2s1e2". In place of `images` and of the training's epochs.
   */
  readonly proxy?: EvaluationBudget | string;
  /** No round begins after so many minutes. */
  readonly minutes?: number;
  /** Whether the ratings are read; without, what the trainings say alone: the control. True unless given. */
  readonly ratings?: boolean;
  /** Of the proposals, the images and the trainings. */
  readonly seed: number;
  readonly training?: BriefTraining;
}

/** How a network is trained briefly: as any, from drawn weights, on the labels. */
export interface BriefTraining
  extends Omit<RetrainOptions, "seed" | "epochs" | "warmStart" | "distillation" | "task" | "checkpoint"> {
  readonly epochs?: number;
}

/** A network that was trained briefly, with its validation accuracy, 0..1. */
export interface BrieflyTrained {
  readonly network: FoundNetwork;
  readonly accuracy: number;
  /** From 1: the round that proposed it. */
  readonly round: number;
}

/** What decides a brief training, beside the images themselves: plain JSON, to be named by its fingerprint. */
export interface BriefReads {
  /** Indices of the training images that are seen; all where there are none. */
  readonly images?: readonly number[];
  readonly training: RetrainOptions;
  readonly architecture: Omit<Architecture, "name">;
}

/** Accuracies of trainings that were complete before: a loop that was stopped goes on with them. */
export interface KeptAccuracies {
  of(reads: BriefReads): number | undefined;
  /** Told of each training as soon as it is complete; what it gives is waited for before the next round. */
  keep(reads: BriefReads, accuracy: number): void | Promise<void>;
  /** File for the state of a training at work; none is written without it. */
  checkpoint?(reads: BriefReads): string;
}

/** What is searched, and what is learnt from. */
export interface EvidenceSources {
  readonly space: SearchSpace;
  /** The ratings that are to be calibrated. */
  readonly table: RatingTable;
  readonly data: Dataset;
  readonly kept: KeptAccuracies;
  /** Of the report; "improve" unless given. */
  readonly task?: string;
  /** Told after each round, with all trainings so far. */
  readonly onRound?: (round: ImproveRound, trained: readonly BrieflyTrained[]) => void | Promise<void>;
}

/** The trainings, in their order. */
export interface GatheredEvidence {
  readonly trained: readonly BrieflyTrained[];
  readonly rounds: number;
}

/**
 * Block-wise Bayesian search: proposes networks near the budgets, trains them briefly, side by side, calibrates the ratings by
 * their validation accuracies, and proposes again. What is kept of an earlier call is not trained again.
 * @throws ConfigError when an option is out of range, BudgetInfeasibleError, TrainingError, InterruptedError when stopped.
 */
export async function gatherEvidence(
  { space, table, data, kept, task = "improve", onRound }: EvidenceSources,
  options: EvidenceOptions,
  context: StepContext,
): Promise<GatheredEvidence> {
  const { networks: total = BRIEF_DEFAULTS.networks, rounds = BRIEF_DEFAULTS.rounds } = options;
  const { budgets, minutes, ratings = true, seed } = options;
  const { epochs: given = BRIEF_DEFAULTS.epochs, ...recipe } = options.training ?? {};
  const proxy = options.proxy === undefined ? undefined : proxyOf(options, given, task);
  const epochs = proxy?.epochs ?? given;
  // Only the accuracy at the end is asked for. The seed is no later training's: what is reported must not be what was chosen by.
  const training = { validateEvery: epochs, ...recipe, epochs, seed: trainingSeed(seed) };
  const images = proxy ? Math.max(1, Math.round(proxy.samples * data.train.count)) : options.images;
  const indices = drawImages(data.train, images, seed, "improve");
  const { height, width, channels } = data.shape;
  const drawn = indices ? { ...data, train: takeImages(data.train, indices, height * width * channels) } : data;
  const side = (pixels: number) => Math.max(1, Math.round((proxy?.resolution ?? 1) * pixels));
  const seen = await withResolution(drawn, { height: side(height), width: side(width) });
  const progress = new TrainingsProgress(context, `${task}: ${total} brief trainings`, total);
  const trained: BrieflyTrained[] = [];
  let done = 0;
  const train = async (proposed: readonly FoundNetwork[], round: number) => {
    const reads = proposed.map(({ choice }): BriefReads => {
      const whole = assemble(space, choice);
      const { name: _, ...architecture } = proxy ? reducedNetwork(whole, proxy.channels, seen.shape) : whole;
      return { images: indices && [...indices], training, architecture };
    });
    const missing = reads.filter((one) => kept.of(one) === undefined);
    progress.reuse(proposed.length - missing.length);
    const trainings = missing.map((one, i) => ({
      architecture: { name: space.name, ...one.architecture },
      options: {
        ...training,
        ...(kept.checkpoint && { checkpoint: kept.checkpoint(one) }),
        task: `brief training ${trained.length + i + 1}`,
      },
    }));
    const keeping: Promise<void>[] = [];
    const onTrained = (index: number, retrained: { accuracy: number; dispose(): void }) => {
      const saved = Promise.resolve(kept.keep(missing[index], retrained.accuracy));
      // Its failure is thrown below, once the trainings have ended.
      saved.catch(() => {});
      keeping.push(saved);
      retrained.dispose();
    };
    try {
      await trainAll(trainings, seen, { onTrained, progress }, context);
    } finally {
      await Promise.all(keeping);
    }
    const accuracies = reads.map((one) => kept.of(one)!);
    proposed.forEach((network, i) => {
      trained.push({ network, accuracy: accuracies[i], round });
    });
    return accuracies;
  };
  await improveRatings(
    table,
    {
      networks: total,
      rounds,
      budgets,
      seed,
      ...(minutes !== undefined && { timeLimitMs: 60_000 * minutes }),
      // An op of several blocks has one effect in common.
      calibration: { ratings, ops: space.blocks.map(({ ops }) => ops.map(opName)) },
    },
    train,
    async (round) => {
      done = round.round;
      await onRound?.(round, trained);
    },
  );
  progress.end();
  return { trained, rounds: done };
}

/** @throws ConfigError when it is no proxy, is a part of a training, or comes with what it says itself. */
function proxyOf({ proxy, images, training }: EvidenceOptions, epochs: number, task: string): ReducedBudget {
  const where = `${task}: proxy`;
  const budget = typeof proxy === "string" ? namedBudget(proxy) : reducedBudget(proxy, epochs, where);
  const twice = images !== undefined ? "images" : training?.epochs !== undefined ? "epochs" : undefined;
  if (twice !== undefined) {
    throw new ConfigError(
      `${where} says how many images and epochs there are, so it must come without ${twice}; leave out one of the two`,
      {
        option: twice,
      },
    );
  }
  if (budget.schedule !== budget.epochs) {
    throw new ConfigError(
      `${where} must be a whole training, got the first ${budget.epochs} of ${budget.schedule} epochs`,
      {
        proxy,
      },
    );
  }
  return budget;
}

function trainingSeed(seed: number): number {
  return new Rng(seed).fork("improve/trainings").int(2 ** 31);
}
