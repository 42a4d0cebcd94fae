import type { PlannedStep, StepOutcome } from "../../../study";
import type { Paces } from "./pace";
import type { ExperimentWork } from "./work";

/** What was measured of the study at a tiny scale. */
export interface ProbedStudy {
  readonly ms: number;
  /** How much there was to do in it. */
  readonly work: ExperimentWork;
  readonly paces: Paces;
  /** Milliseconds of each step. */
  readonly durations: ReadonlyMap<string, number>;
  /** Of teacher and supernets: the same at any scale. */
  readonly stateBytes: number;
  /** Of the networks that were retrained. */
  readonly networkBytes: number;
  /** Of ratings and front: the same at any scale. */
  readonly resultBytes: number;
}

/** One step as it is foreseen. */
export interface ForeseenStep {
  readonly name: string;
  /** What it consists of. */
  readonly tasks: number;
  readonly unit: string;
  /** Of steps that are done: 0. */
  readonly ms: number;
  readonly state: StepOutcome["state"];
}

type Foreseen = Omit<ForeseenStep, "name" | "state">;

/** A forward pass costs about a third of a step of training, which goes forward once and back twice. */
const FORWARD = 1 / 3;

/** What each step of a plan takes: its work, at the pace that the tiny study had. */
export function stepTimes(plan: readonly PlannedStep[], whole: ExperimentWork, probed: ProbedStudy): ForeseenStep[] {
  const blocks = whole.blocks.length;
  return plan.flatMap(({ name, family }): ForeseenStep[] => {
    const block = Number(/block(\d+)$/.exec(name)?.[1]);
    const foreseen: Foreseen = FAMILIES[family]?.({ whole, probed, block, blocks, name }) ?? asProbed(name, probed);
    return [{ name, state: "open", ...foreseen }];
  });
}

interface OfStep {
  readonly whole: ExperimentWork;
  readonly probed: ProbedStudy;
  readonly block: number;
  readonly blocks: number;
  readonly name: string;
}

const FAMILIES: Readonly<Record<string, (of: OfStep) => Foreseen>> = {
  teacher({ whole, probed, name }) {
    const perBatch = probed.paces.perUnit(/^(train|fine-tune) teacher/);
    if (whole.teacherBatches === 0 || perBatch === undefined) return asProbed(name, probed);
    const perImage = (FORWARD * perBatch) / whole.teacherBatchSize;
    const ms = perBatch * whole.teacherBatches + perImage * whole.teacherValidation;
    return { tasks: whole.teacherBatches, unit: "batches", ms };
  },
  distillation({ whole, probed, block, blocks }) {
    const own = probed.paces.perUnit(`distill block ${block + 1}/${blocks}`);
    const { batches, macs } = whole.blocks[block];
    const share = macs / meanMacs(probed.work);
    const perBatch = own ?? share * (probed.paces.perUnit(/^distill \d+ blocks/) ?? 0);
    // The teacher's features are computed once, with the first block.
    const features = block === 0 ? (probed.paces.perUnit(/^teacher features/) ?? 0) * whole.featureImages : 0;
    return { tasks: batches, unit: "batches", ms: perBatch * batches + features };
  },
  ratings({ whole, probed, block, blocks, name }) {
    const task = `rate block ${block + 1}/${blocks}`;
    const [total, perUnit] = [probed.paces.total(task), probed.paces.perUnit(task)];
    if (total === undefined || perUnit === undefined) return asProbed(name, probed);
    const ms = (total * perUnit * whole.ratingImages) / probed.work.ratingImages;
    return { tasks: total, unit: "op evaluations", ms };
  },
  evidence({ whole, probed, name }) {
    const task = /brief trainings$/;
    const { networks, images, rounds } = whole.brief;
    const proposing = Math.max(0, (probed.durations.get(name) ?? 0) - probed.paces.elapsedMs(task));
    const perNetwork = ((probed.paces.perUnit(task) ?? 0) * images) / probed.work.brief.images;
    return { tasks: networks, unit: "networks", ms: networks * perNetwork + rounds * proposing };
  },
  retraining({ whole, probed }) {
    const { networks, images } = whole.retrained;
    const { paces, work } = probed;
    // A single network reports its own batches.
    const alone = (paces.perUnit(/^retrain /) ?? 0) * (paces.total(/^retrain /) ?? 0);
    const perNetwork = ((paces.perUnit(/^retrain \d+ networks/) ?? alone) * images) / work.retrained.images;
    return { tasks: networks, unit: "networks", ms: networks * perNetwork };
  },
  front({ whole, probed }) {
    const { networks } = whole.retrained;
    const perNetwork = (probed.paces.perUnit(/^measure \d+ networks/) ?? 0) / probed.work.testImages;
    const teacher = probed.paces.perUnit("evaluate teacher") ?? 0;
    return { tasks: networks + 1, unit: "networks", ms: whole.testImages * (networks * perNetwork + teacher) };
  },
};

/** A step that takes as long at any scale. */
function asProbed(name: string, { durations }: ProbedStudy): Foreseen {
  return { tasks: 1, unit: "task", ms: durations.get(name) ?? 0 };
}

/** Of a batch's image, over all cells as often as each learns. */
function meanMacs({ blocks }: ExperimentWork): number {
  const batches = blocks.reduce((sum, one) => sum + one.batches, 0);
  return blocks.reduce((sum, one) => sum + one.batches * one.macs, 0) / batches;
}
