import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import {
  ConfigError,
  checkOptions,
  fingerprint,
  isDamage,
  makeFolder,
  type OptionRules,
  Rng,
  rule,
  type StepContext,
  TrainingError,
} from "../core";
import { cellNetworkCost, networkCost } from "../cost";
import { checkDataset, type Dataset, withResolution, withTrainImages } from "../data";
import { roundingClass } from "../engine";
import { CellNetwork, Network } from "../nn";
import type { EvaluationBudget, Outcome } from "../search";
import { type Architecture, type CellArchitecture, reducedNetwork, type Space } from "../space";
import { evaluate, TRAINING_RULES, type TrainingOptions, trainClassifier } from "../train";
import type { Evaluator } from "./evaluator";
import { type ReducedBudget, reducedBudget } from "./reduced-budget";
import { roundedPercent } from "./rounded-percent";

/** How networks are trained: as any, but for what the evaluator decides. */
export type EvaluatorTraining = Omit<
  Partial<TrainingOptions>,
  "seed" | "epochs" | "validateEvery" | "stopAfter" | "checkpoint" | "task" | "softTargets" | "startFrom"
>;

export interface TrainedAccuracyOptions {
  readonly data: Dataset;
  /** Of the full training. */
  readonly epochs: number;
  readonly training?: EvaluatorTraining;
  /** Of initial weights, order and augmentation. */
  readonly seed: number;
  /** Cheaper budgets that are to be named beside the full one, from the cheapest on; any other can be spent, too. */
  readonly budgets?: readonly EvaluationBudget[];
  /** Folder of the weights of trainings that are not complete, or go on in a later stage; without it they begin anew. */
  readonly states?: string;
  /** Whether full trainings are measured on the test images as well: for what is reported, never for the search. */
  readonly test?: boolean;
}

const RULES: OptionRules<TrainedAccuracyOptions> = {
  data: rule.any,
  epochs: rule.wholeFrom(1),
  training: rule.options<EvaluatorTraining>(
    Object.fromEntries(
      Object.entries(TRAINING_RULES).filter(
        ([name]) =>
          !["seed", "epochs", "validateEvery", "stopAfter", "checkpoint", "task", "softTargets", "startFrom"].includes(
            name,
          ),
      ),
    ) as OptionRules<EvaluatorTraining>,
  ),
  seed: rule.whole,
  budgets: rule.list(rule.any, 0),
  states: rule.text,
  test: rule.boolean,
};

/** Where a stage's training goes on from. Plain JSON. */
export interface StageState {
  readonly file: string;
  readonly epochs: number;
}

/**
 * Trains an architecture of any space from drawn weights and measures it on the validation images, with all that a full
 * training takes or with a share of it, see {@link ReducedBudget}: channels, resolution, samples, epochs. Validation images have
 * the resolution of the budget, and are all of them.
 *
 * Values in percent: `validation`, and of full trainings `test` if asked for; NaN where a training diverged. Costs: `macs` and
 * `params` of the architecture as it is, and `trainingMacs`, the multiply-adds of the forward passes over the images that this
 * evaluation learnt from (a step forward and back is about three times that). `seconds` is the time that this process had its
 * processors, validation included, so that a machine that does other things measures alike; of an interrupted training what is
 * left of it.
 *
 * A budget whose schedule is longer than its epochs is a stage: the next one goes on from its weights with the same schedule,
 * and ends as a training that never paused.
 * @throws ConfigError when an option is not known or out of range.
 */
export function trainedAccuracy<A>(
  space: Pick<Space<A, Architecture | CellArchitecture>, "name" | "key" | "architecture">,
  options: TrainedAccuracyOptions,
): Evaluator<A, StageState> {
  const where = "trainedAccuracy";
  checkOptions(where, options, RULES);
  const { data, epochs: fullEpochs, training = {}, seed, states, test = false } = options;
  for (const name of ["epochs", "seed"] as const) {
    if (options[name] !== undefined) continue;
    throw new ConfigError(`${where}: ${name} must be ${RULES[name].must}, got none`, { option: name });
  }
  checkDataset(data, where);
  const full = reducedBudget(undefined, fullEpochs);
  const budgets = [...(options.budgets ?? []).map((one) => reducedBudget(one, fullEpochs, where)), full];
  // Not the space's name: the architecture that comes of it counts.
  const recipe = fingerprint({ data: data.fingerprint, fullEpochs, training, seed, engine: roundingClass() });
  const reduced = new Map<string, Promise<Dataset>>();
  const seenWith = ({ resolution, samples }: ReducedBudget): Promise<Dataset> => {
    const key = `${resolution}/${samples}`;
    const before = reduced.get(key);
    if (before) return before;
    const { height, width } = data.shape;
    const side = (pixels: number) => Math.max(1, Math.round(resolution * pixels));
    const images = Math.max(1, Math.round(samples * data.train.count));
    const made = withResolution(withTrainImages(data, images, seed), { height: side(height), width: side(width) });
    reduced.set(key, made);
    return made;
  };

  const evaluated = async (
    architecture: A,
    given: EvaluationBudget | undefined,
    from: StageState | undefined,
    context: StepContext = {},
  ): Promise<Outcome<StageState>> => {
    const budget = reducedBudget(given, fullEpochs, where);
    const whole = space.architecture(architecture);
    const { name: _, ...subject } = whole;
    const { macs, params } = costOf(whole);
    const seen = await seenWith(budget);
    const network = reducedNetwork(whole, budget.channels, seen.shape);
    const { epochs, schedule } = budget;
    const file =
      states !== undefined
        ? join(states, `${fingerprint({ recipe, subject, budget: { ...budget, epochs: schedule } })}.safetensors`)
        : undefined;
    if (states !== undefined && file !== undefined) makeFolder(states);
    // By the name alone, which is a fingerprint: the folder may have moved, or be called from elsewhere.
    const begun = from !== undefined && file !== undefined && basename(from.file) === basename(file) ? from.epochs : 0;
    const key = space.key(architecture);
    const task = `train ${key}`;
    const started = process.cpuUsage();
    // Named by the architecture alone: equal networks of two spaces are trained alike.
    const built = build(network, new Rng(seed).fork(`trained/${fingerprint(subject)}`));
    try {
      const { signal, onWarning } = context;
      const train = () =>
        trainClassifier(
          built,
          seen,
          {
            ...training,
            seed,
            epochs: schedule,
            stopAfter: epochs,
            validateEvery: schedule,
            task,
            ...(file !== undefined && { checkpoint: file }),
          },
          { signal, ...(onWarning && { onWarning }) },
        );
      const accuracy = await train().then(
        (history) => history.accuracy,
        (error: unknown) => {
          if (error instanceof TrainingError) return Number.NaN;
          throw error;
        },
      );
      if (file !== undefined && epochs === schedule) rmSync(file, { force: true });
      const { user, system } = process.cpuUsage(started);
      const isFull = fingerprint(budget) === fingerprint(full);
      const tested =
        isFull && test && !Number.isNaN(accuracy)
          ? (await evaluate(built, seen.test, seen, { signal })).accuracy
          : Number.NaN;
      return {
        values: { validation: roundedPercent(accuracy), ...(isFull && test && { test: roundedPercent(tested) }) },
        costs: { macs, params, trainingMacs: costOf(network).macs * seen.train.count * (epochs - begun) },
        seconds: (user + system) / 1e6,
        ...(file !== undefined && epochs < schedule && { state: { file, epochs } }),
        fingerprint: fingerprint({ recipe, subject, budget }),
      };
    } catch (error) {
      if (file === undefined || !isDamage(error) || error.details.path !== file) throw error;
      context.onWarning?.(`${file} is damaged or of another training: trained from the start`);
      rmSync(file, { force: true });
      return await evaluated(architecture, given, undefined, context);
    } finally {
      built.dispose();
    }
  };
  return { name: where, fingerprint: fingerprint({ recipe, test }), budgets, evaluate: evaluated };
}

function costOf(network: Architecture | CellArchitecture): { readonly macs: number; readonly params: number } {
  return "kind" in network ? cellNetworkCost(network) : networkCost(network);
}

function build(network: Architecture | CellArchitecture, rng: Rng): CellNetwork | Network {
  return "kind" in network ? new CellNetwork(network, rng) : new Network(network, rng);
}
