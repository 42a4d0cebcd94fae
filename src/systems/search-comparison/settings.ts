/** What is compared, once and for all: nothing here was chosen by looking at results. */
export const COMPARISON_SETTINGS = {
  /** Runs of each searcher that draws anything. */
  seeds: 50,
  /** Networks trained in each run; looks that cost nothing do not count. */
  evaluations: 200,
  evolution: { population: 20, sample: 5 },
  nsga2: { population: 20, mutation: 0.3 },
  tpe: {},
  smbo: { initial: 20, batch: 5, pool: 200 },
  /** With a predictor whose fits take long: fewer of them. */
  smboMlp: { initial: 20, batch: 20, pool: 200 },
  predictor: { members: 5, hidden: 32, steps: 40, learningRate: 0.02 },
  halving: { eta: 3 },
} as const;

/** The tables of truth, by name. */
export const TABLES = ["201-cifar10", "201-cifar100", "201-imagenet16", "macro"] as const;
export type TableName = (typeof TABLES)[number];

/** How each table is called in figures. */
export const TABLE_TITLES: Readonly<Record<TableName, string>> = {
  "201-cifar10": "NAS-Bench-201, CIFAR-10",
  "201-cifar100": "NAS-Bench-201, CIFAR-100",
  "201-imagenet16": "NAS-Bench-201, ImageNet16-120",
  macro: "NAS-Bench-Macro, CIFAR-10",
};

/** The searches, by name. The last three draw nothing: their runs are one, or one a seed of the ratings. */
export const METHODS = [
  "random",
  "evolution",
  "tpe",
  "smbo",
  "smbo-mlp",
  "nsga2",
  "halving",
  "size",
  "blockwise",
  "blockwise-weighted",
] as const;
export type MethodName = (typeof METHODS)[number];

export const METHOD_TITLES: Readonly<Record<MethodName, string>> = {
  random: "random search",
  evolution: "regularised evolution",
  tpe: "TPE",
  smbo: "SMBO (ridge)",
  "smbo-mlp": "SMBO (MLP ensemble)",
  nsga2: "NSGA-II (validation, MACs)",
  halving: "successive halving (knows sizes)",
  size: "largest first (knows sizes)",
  blockwise: "block-wise rating, exact search",
  "blockwise-weighted": "block-wise rating, weighted on 100 trained",
};
