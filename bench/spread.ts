import { Rng } from "../src/core";
import { mean, sampleVariance } from "../src/core/statistics";
import { networkCost } from "../src/cost";
import { loadDataset } from "../src/data";
import { retrainAll } from "../src/retrain";
import { randomNetworks, ratingTable } from "../src/search";
import { architecturePreset, assemble, blockSpace, networkId, stageShapes } from "../src/space";
import { DNA_MINI } from "../src/systems/dna";
import { machine } from "./numbers";

export interface SpreadOptions {
  /** Shares of the teacher's MACs. */
  readonly shares: readonly number[];
  /** Random networks of equal MACs (within 3 %) at each. */
  readonly networks: number;
  /** Trainings of each network, of seeds 1, 2, ... */
  readonly seeds: number;
  readonly trainCount: number;
  readonly epochs: number;
}

/** What networks of equal MACs differ in, beside what trainings of one network differ in; accuracies in points. */
export interface SpreadResult {
  readonly macs: number;
  readonly networks: number;
  readonly seeds: number;
  readonly mean: number;
  /** Standard deviation over networks: of single trainings, and with the trainings' share taken out. */
  readonly between: number;
  readonly between_without_noise: number;
  /** Standard deviation over trainings of one network, pooled. */
  readonly within: number;
  readonly ratio: number;
  /** Accuracies in points on all images that were not trained on: `[network][seed]`. */
  readonly accuracies: Readonly<Record<string, readonly number[]>>;
}

export interface SpreadReport {
  readonly space: string;
  readonly teacher: string;
  readonly trainCount: number;
  readonly epochs: number;
  /** Images that each accuracy is measured on. */
  readonly measuredOn: number;
  readonly cpu: string;
  readonly budgets: readonly SpreadResult[];
}

/** Those of Fashion-MNIST's training file. */
const TRAINING_IMAGES = 60_000;
const TOLERANCE = 0.03;

/**
 * Trains random networks of equal MACs of the default space, each with several seeds. Accuracies are measured on the test images
 * and on all training images that were left out together: on the 10,000 test images alone, which of them happen to be right
 * moves two trainings of one network apart by as much as the trainings do.
 */
export async function measureSpread(
  { shares, networks, seeds, trainCount, epochs }: SpreadOptions,
  onBudget: (result: SpreadResult) => void = () => {},
): Promise<SpreadReport> {
  const teacher = architecturePreset(DNA_MINI.teacher);
  const { padding, batchNormEpsilon } = teacher;
  const space = blockSpace(stageShapes(teacher), { padding, batchNormEpsilon });
  const table = ratingTable(space, () => 0);
  const validationCount = TRAINING_IMAGES - trainCount;
  const data = await loadDataset(DNA_MINI.dataset, { seed: 1, trainCount, validationCount });
  const measuredOn = data.test.count + data.validation.count;
  const whole = networkCost(teacher).macs;
  const budgets: SpreadResult[] = [];
  for (const share of shares) {
    const near = whole * share;
    const drawn = randomNetworks(table, {
      near,
      tolerance: TOLERANCE,
      count: networks,
      rng: new Rng(1).fork(`${share}`),
    });
    const trainings = drawn.flatMap(({ choice }) =>
      range(seeds).map((seed) => ({
        architecture: assemble(space, choice),
        options: { seed, epochs, validateEvery: epochs },
      })),
    );
    const trained = await retrainAll(trainings, data);
    const accuracies: Record<string, number[]> = {};
    for (const [i, retrained] of trained.entries()) {
      const { accuracy: ofTest } = await retrained.evaluate(data.test);
      // That of the left out ones was measured as the training ended.
      const accuracy = (ofTest * data.test.count + retrained.accuracy * data.validation.count) / measuredOn;
      const id = networkId(drawn[Math.floor(i / seeds)].choice);
      accuracies[id] = [...(accuracies[id] ?? []), Number((100 * accuracy).toFixed(2))];
      retrained.dispose();
    }
    const result = { macs: Math.round(near), networks, seeds, ...spreadOf(Object.values(accuracies)), accuracies };
    onBudget(result);
    budgets.push(result);
  }
  return { space: space.name, teacher: teacher.name, trainCount, epochs, measuredOn, cpu: machine().cpu, budgets };
}

/** One-way analysis of variance: networks are the groups, seeds their repetitions. */
export function spreadOf(groups: readonly (readonly number[])[]) {
  const seeds = groups[0].length;
  const means = groups.map(mean);
  const within = Math.sqrt(mean(groups.map(sampleVariance)));
  const ofMeans = sampleVariance(means);
  // A network's mean still has its trainings' noise in it.
  const clean = Math.sqrt(Math.max(0, ofMeans - within ** 2 / seeds));
  const between = Math.sqrt(clean ** 2 + within ** 2);
  const rounded = (value: number) => Number(value.toFixed(3));
  return {
    mean: rounded(mean(means)),
    between: rounded(between),
    between_without_noise: rounded(clean),
    within: rounded(within),
    ratio: rounded(between / within),
  };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
