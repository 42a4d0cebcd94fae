import type { EeeaArmName } from "./settings";

/**
 * The searches that train their networks, once and for all. How many searches, generations and images was cut for time, by
 * timing trainings, before any search.
 */
export const TRAINED = {
  /** By the first the others are measured. */
  arms: ["ga", "ga-50", "random"] as const satisfies readonly EeeaArmName[],
  seeds: 5,
  population: 8,
  generations: 5,
  mutation: 0.1,
  /** What parameters and multiply-adds are counted at, without being built (released code). */
  final: { channels: 36, layers: 20 },
  /** Of random pairs of cells, whose parameters set the early exit's limit. */
  limit: { draws: 200, seed: 1 },
  /** What is trained: see `smallPair`. */
  network: { stem: 8, channels: 8 },
  data: { name: "fashion-mnist", seed: 1, trainCount: 1000, validationCount: 1000, testCount: 1000 },
  training: { epochs: 1, batchSize: 32, optimizer: "adam", learningRate: 0.01, labelSmoothing: 0, validateEvery: 1 },
  /** Of initial weights and the order of images. */
  seed: 1,
  /** Networks that are trained again, from another seed: how far trainings agree. */
  again: { networks: 20, seed: 2 },
} as const;
