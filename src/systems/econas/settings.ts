import type { EvaluatorTraining } from "../../evaluate";

/** What is trained, once and for all. Nothing here was chosen by looking at ranks or at searches' results. */
export const ECONAS_SETTINGS = {
  /** NAS-Bench-201's digits of none, skip and 3x3 convolution: the paper's space has many more, which nobody could train all. */
  ops: [0, 1, 3],
  network: { channels: 16, cells: 3 },
  data: { name: "fashion-mnist", seed: 1, trainCount: 2048, validationCount: 3000, testCount: 5000 },
  /** As in the released code but for the learning rate's schedule length, batch and (there 5) gradient clipping. */
  training: {
    batchSize: 64,
    optimizer: "sgd",
    learningRate: 0.1,
    warmupEpochs: 0,
    momentum: 0.9,
    weightDecay: 3e-4,
    labelSmoothing: 0,
  } satisfies EvaluatorTraining,
  /** Of the full setting. */
  epochs: 6,
  seeds: [1, 2],
  /** Networks of the proxy study. */
  study: { networks: 32, seed: 1 },
  /** A proxy is reliable whose rho is at least this share of the full setting's own, from another seed. */
  reliable: 0.9,
  stages: 3,
} as const;

/** The proxies of the study, in EcoNAS' names: the first group reduces one factor, the others several. */
export const PROXIES = [
  "c1r0s0e6",
  "c2r0s0e6",
  "c3r0s0e6",
  "c4r0s0e6",
  "c0r1s0e6",
  "c0r2s0e6",
  "c0r3s0e6",
  "c0r4s0e6",
  "c0r0s0e3",
  "c0r0s1e6",
  "c0r0s0e1",
  "c0r0s1e2",
  "c0r0s2e4",
  "c3r1s0e6",
  "c1r3s0e6",
  "c2r2s0e6",
  "c2r2s0e3",
  "c2r2s1e6",
  "c2r2s0e1",
  "c2r2s1e2",
  "c2r2s2e4",
  "c4r2s0e6",
  "c2r4s0e6",
  "c4r4s0e6",
  "c4r4s0e3",
] as const;
export type ProxyName = (typeof PROXIES)[number];

/** The two tables that are searched: own trainings, and NAS-Bench-201's for two of its data sets. */
export const PROXY_BENCHMARKS = ["fashion", "cifar100", "imagenet16"] as const;
export type ProxyBenchmarkName = (typeof PROXY_BENCHMARKS)[number];

export const PROXY_BENCHMARK_TITLES: Readonly<Record<ProxyBenchmarkName, string>> = {
  fashion: "own trainings, Fashion-MNIST",
  cifar100: "NAS-Bench-201, CIFAR-100",
  imagenet16: "NAS-Bench-201, ImageNet16-120",
};

/** Searches by name: EcoNAS' own, its control of one stage, random networks by the proxy, and searches in the full setting. */
export const ECONAS_ARMS = ["hierarchical", "one-stage", "proxy-random", "plain", "plain-random"] as const;
export type EconasArmName = (typeof ECONAS_ARMS)[number];

export const ECONAS_ARM_TITLES: Readonly<Record<EconasArmName, string>> = {
  hierarchical: "hierarchical proxy",
  "one-stage": "proxy, one stage",
  "proxy-random": "proxy, random",
  plain: "plain evolution, full setting",
  "plain-random": "random, full setting",
};

/** How the stages of a search by proxies are filled. */
export interface StagedNumbers {
  readonly initial: number;
  readonly parents: readonly number[];
  readonly promoted: readonly number[];
  readonly cycles: number;
}

/** The numbers of all searches on a table. */
export interface SearchNumbers {
  readonly hierarchical: StagedNumbers;
  /** As many epochs by the proxy as the hierarchical one has. */
  readonly "one-stage": StagedNumbers;
  readonly "proxy-random": StagedNumbers;
  /** Trained in the full setting at the end, of which the best is chosen. */
  readonly finalists: number;
  /** In the full setting: as many networks as the hierarchical one looks at. */
  readonly plain: { readonly evaluations: number; readonly population: number; readonly sample: number };
}

/**
 * Half of the paper's 16 children, 8 and 4 promotions a cycle for the small space. One stage: 30 proxies of three stages each
 * are 90 stages, as many as 8 + (8 + 4) + 5 (8 + 4 + 2) are.
 */
const FASHION: SearchNumbers = {
  hierarchical: { initial: 8, parents: [3, 3, 2], promoted: [4, 2], cycles: 6 },
  "one-stage": { initial: 6, parents: [6], promoted: [], cycles: 4 },
  "proxy-random": { initial: 30, parents: [0], promoted: [], cycles: 0 },
  finalists: 5,
  plain: { evaluations: 56, population: 16, sample: 5 },
};

/**
 * The table has no shorter trainings. Stages are what it has: the network's size, which costs nothing, then its accuracy on
 * CIFAR-10, a cheaper data set. Equal looks at the latter: 8 a cycle, 96.
 */
const TABLE: SearchNumbers = {
  hierarchical: { initial: 16, parents: [8, 8], promoted: [8], cycles: 12 },
  "one-stage": { initial: 16, parents: [8], promoted: [], cycles: 10 },
  "proxy-random": { initial: 96, parents: [0], promoted: [], cycles: 0 },
  finalists: 10,
  plain: { evaluations: 208, population: 50, sample: 10 },
};

export const SEARCHES: {
  readonly seeds: number;
  readonly of: Readonly<Record<ProxyBenchmarkName, SearchNumbers>>;
} = { seeds: 30, of: { fashion: FASHION, cifar100: TABLE, imagenet16: TABLE } };
