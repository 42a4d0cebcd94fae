import { existsSync } from "node:fs";
import { CheckpointError, fingerprint } from "../core";
import { type Dataset, identifyData } from "../data";
import { type CellCheckpoints, fileCheckpoints, supernetWeights } from "../distill";
import { saveState } from "../nn";
import {
  type Design,
  type RetrainConfig,
  type Retrained,
  type Training,
  TrainingsProgress,
  trainAll,
  trainingRecipe,
} from "../retrain";
import type { SearchSpace } from "../space";
import type { Teacher } from "../teacher";
import type { RunContext } from "./run-context";
import type { RunDirectory } from "./run-directory";

/** A run whose networks are trained from scratch. */
export interface RetrainRun {
  readonly config: { readonly seed: number; readonly retrain: RetrainConfig };
  readonly run: RunDirectory;
  readonly data: Dataset;
  /** Taught from where the networks learn its answers, too. */
  readonly teacher: Teacher;
  /** Of the networks that were searched. */
  readonly space: SearchSpace;
}

/** What a retraining is of. */
export type Retrainable = Pick<Design, "architecture" | "network">;

/** Between the seeds of two trainings of one network. */
const SEEDS_APART = 100;

/** Seeds of the trainings of each network. */
export function trainingSeeds({ config: { seed, retrain } }: Pick<RetrainRun, "config">): number[] {
  return Array.from({ length: retrain.trainings ?? 1 }, (_, i) => seed + SEEDS_APART * i);
}

interface Planned {
  readonly label: string;
  readonly reads: Readonly<Record<string, unknown>>;
  /** Names all that decides it. */
  readonly id: string;
  readonly training: Training;
}

/**
 * Trains networks from scratch, side by side, each as often as the experiment says; a complete training is only loaded from its
 * checkpoint, which is named by all that decides it: a network that another search finds again, under whatever label, is not
 * trained again. The bytes are the same for any number of threads.
 * @returns `[design][training]`; what comes twice is the same object.
 */
export async function retrainDesigns(
  sources: RetrainRun,
  designs: readonly Design[],
  context: RunContext,
): Promise<Retrained[][]> {
  const { run, data } = sources;
  const seeds = trainingSeeds(sources);
  const planned = designs.map((design) => seeds.map((seed, i) => plan(sources, design, seed, i, context)));
  const all = planned.flat();
  const first = all.filter(({ id }, i) => all.findIndex((other) => other.id === id) === i);
  for (const { label, training } of first) {
    if (existsSync(training.options.checkpoint as string) && !run.result(`retrain/${label}`)) {
      context.onNote?.(`${label} is a network that was trained this way before: it goes on from there`);
    }
  }
  const trained = new Map<string, Retrained>();
  const recording: Promise<unknown>[] = [];
  const onTrained = (index: number, retrained: Retrained) => {
    const { id } = first[index];
    trained.set(id, retrained);
    for (const one of all.filter((other) => other.id === id)) recording.push(record(run, one, retrained));
  };
  const progress = new TrainingsProgress(context, `retrain ${first.length} networks`, first.length);
  try {
    await trainAll(
      first.map(({ training }) => training),
      data,
      { onTrained, ...(first.length > 1 && { progress }) },
      context,
    );
    await Promise.all(recording);
  } catch (error) {
    await Promise.allSettled(recording);
    for (const one of trained.values()) one.dispose();
    throw error;
  }
  return planned.map((of) => of.map(({ id }) => trained.get(id)!));
}

/** At once: what is complete is known where the others are stopped. */
function record(run: RunDirectory, { label, reads, training }: Planned, retrained: Retrained): Promise<unknown> {
  const { history, cost } = retrained;
  const { macs, params } = cost;
  const recorded = run.step(`retrain/${label}`, () => ({ id: nameOf(training), macs, params, history }), {
    reads,
    output: () => fingerprint(saveState(retrained.network)),
  });
  // Its failure is thrown once the trainings have ended.
  recorded.catch(() => {});
  return recorded;
}

/** The network's id where it is of the search space, else the architecture's name. */
function nameOf({ architecture: { name } }: Training): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

function plan(sources: RetrainRun, design: Design, seed: number, index: number, context: RunContext): Planned {
  const { config, run, teacher, space } = sources;
  const { distillation, warmStart, options } = trainingRecipe(config.retrain);
  const reads = retrainReads(sources, design, seed);
  const id = fingerprint(reads);
  const label = index === 0 ? design.label : `${design.label}, training ${index + 1}`;
  const start = warmStart ? design.network : undefined;
  return {
    label,
    reads,
    id,
    training: {
      architecture: design.architecture,
      options: {
        ...options,
        ...(distillation && { distillation: { ...distillation, teacher } }),
        ...(start && {
          warmStart: {
            name: `supernets of seed ${config.seed}`,
            tensors: supernetWeights(space, start.choice, learntStates(run, context)),
            // The supernets learnt from images as the teacher sees them.
            preprocessing: teacher.preprocessing,
          },
        }),
        seed,
        checkpoint: run.file("checkpoints", `retrain-${id}.safetensors`),
        task: `retrain ${label}`,
      },
    },
  };
}

/** All that decides how a network is retrained. */
export function retrainReads(
  { config, run, data, teacher }: RetrainRun,
  { architecture, network }: Retrainable,
  seed = config.seed,
) {
  const { distillation, warmStart, options } = trainingRecipe(config.retrain);
  const blocks = warmStart && network ? network.choice : undefined;
  return {
    architecture,
    data: identifyData(data).training,
    seed,
    options,
    ...(distillation && { distillation, teacher: teacher.fingerprint() }),
    ...(blocks && { supernets: blocks.map(({ block }) => run.fingerprintOf(`distill/block${block}`) ?? "") }),
  };
}

/** The supernets' states as a retraining reads them: none is made here. */
function learntStates(run: RunDirectory, { onWarning }: RunContext): CellCheckpoints {
  const again = "the same blockwise run again distils the cell anew";
  const states = fileCheckpoints(run.file("checkpoints"), { onWarning, redo: again });
  return {
    ...states,
    read(block, cell) {
      const state = states.read(block, cell);
      if (state) return state;
      const path = states.place(block, cell);
      throw new CheckpointError(
        `retrain: ${path} must hold what the supernet learnt, for a retraining that starts from it (retrain.warmStart), and is missing or damaged; run the same blockwise run again, which distils the cell`,
        { path, block, cell },
      );
    },
  };
}
