import type { Augmentation } from "../../data";
import type { CellOp } from "../../space";

/** A training without labels that differs from the study's in what is given. */
export interface ContrastiveVariant {
  readonly title: string;
  readonly epochs?: number;
  readonly learningRate?: number;
  readonly temperature?: number;
  readonly batchSize?: number;
  readonly views?: Augmentation;
}

const VARIANTS: Readonly<Record<string, ContrastiveVariant>> = {
  longer: { title: "four times the epochs", epochs: 8 },
  "weaker views": { title: "views without erased patches, shifted less", views: { flip: true, shift: 2 } },
  warmer: { title: "temperature 0.2, three times the learning rate", temperature: 0.2, learningRate: 0.01 },
};

/**
 * What is trained and searched, once and for all. Sizes were set by time alone: on one core of the machine that made the stored
 * results a label-free score takes 2.4 s of processor time and a training with labels 1.9 s, so that all 207 networks of the
 * space, the repeats, the finals and the probes fit into 25 minutes. The learning rate without labels was set on one network
 * from another seed, by how low its loss came: 0.1 diverged, 0.03 and 0.01 ended above 0.003.
 */
export const CSNAS_SETTINGS = {
  /** One of each kind of the paper's eight; and two nodes of its five: so few that every network is trained. */
  ops: ["none", "skip", "max3", "sep3"] as readonly CellOp[],
  nodes: 2,
  network: { stem: 8, channels: 8, input: { height: 28, width: 28, channels: 1 } },
  data: { name: "fashion-mnist" as string, seed: 1, trainCount: 1000, validationCount: 1000, testCount: 1000 },
  /** Score without labels; what is not said is `CONTRASTIVE_DEFAULTS`: two views, memory bank, InfoNCE at 0.07. */
  contrastive: { epochs: 2, batchSize: 32, features: 32, learningRate: 0.003, negatives: 126 },
  /** Of initial weights, views and negatives: one for every candidate, as in the released code. */
  seed: 1,
  /** Score with labels. */
  labelled: { epochs: 3, batchSize: 32, optimizer: "adam", learningRate: 0.01, labelSmoothing: 0, validateEvery: 3 },
  /** Networks whose scores are measured again from another seed: how far the scores agree with themselves. */
  again: { labelled: 40, labelFree: 20, seed: 2 },
  /** Networks that are scored by PIRL's form of the loss, too. */
  pirl: 24,
  /** Other trainings without labels, tried on the first networks for a score that orders them better. */
  variants: { networks: 40, trainings: VARIANTS },
  /** Trainings of what the searches chose. */
  final: {
    seeds: [11, 12, 13],
    training: { epochs: 8, batchSize: 32, optimizer: "adam", learningRate: 0.01, labelSmoothing: 0, validateEvery: 8 },
  },
  /** The choice, trained without labels for longer, judged by a linear classifier of its features. */
  probe: { seeds: [21, 22, 23], epochs: 6 },
} as const;

/** How the table is searched: hyperopt's defaults, which the released code runs with. */
export const CSNAS_SEARCHES = {
  seeds: 10,
  evaluations: 60,
  tpe: { initial: 20, candidates: 24, good: 0.25 },
} as const;

export type CsnasSettings = {
  readonly [Key in Exclude<keyof typeof CSNAS_SETTINGS, "variants">]: Widened<(typeof CSNAS_SETTINGS)[Key]>;
} & {
  readonly variants: {
    readonly networks: number;
    readonly trainings: Readonly<Record<string, ContrastiveVariant>>;
  };
};

/** The same form, for settings of one's own. */
type Widened<T> = T extends string
  ? T
  : T extends number
    ? number
    : T extends readonly (infer Item)[]
      ? readonly Widened<Item>[]
      : { readonly [Key in keyof T]: Widened<T[Key]> };

/** How a cell is coded: as the released code reads codes, or so that each gene says something. */
export const CELL_CODES = ["released", "repaired"] as const;
export type CellCodeName = (typeof CELL_CODES)[number];

export interface CsnasArm {
  readonly title: string;
  readonly searcher: "random" | "tpe";
  readonly code: CellCodeName;
  /** Searches by the validation accuracy where true, else by the loss without labels. */
  readonly labels: boolean;
}

/** All searches by name. */
export const CSNAS_ARMS = {
  random: { title: "random, repaired code", searcher: "random", code: "repaired", labels: false },
  tpe: { title: "TPE, repaired code", searcher: "tpe", code: "repaired", labels: false },
  "random-released": { title: "random, released code", searcher: "random", code: "released", labels: false },
  "tpe-released": { title: "TPE, released code", searcher: "tpe", code: "released", labels: false },
  "tpe-labels": { title: "TPE with labels, repaired code", searcher: "tpe", code: "repaired", labels: true },
} as const satisfies Record<string, CsnasArm>;

export type CsnasArmName = keyof typeof CSNAS_ARMS;
export const CSNAS_ARM_NAMES = Object.keys(CSNAS_ARMS) as CsnasArmName[];
