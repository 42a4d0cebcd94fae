import { CSNAS_SEARCHES, CSNAS_SETTINGS, type CsnasSettings, type SearchSizes } from "../../../src/systems/csnas";

/** Four cells of one node, two pictures' worth of training. */
export const TINY: CsnasSettings = {
  ...CSNAS_SETTINGS,
  ops: ["none", "skip", "max3"],
  nodes: 1,
  network: { stem: 2, channels: 2, input: { height: 8, width: 8, channels: 1 } },
  data: { name: "synthetic", seed: 1, trainCount: 40, validationCount: 20, testCount: 20 },
  contrastive: { epochs: 1, batchSize: 20, features: 4, learningRate: 0.003, negatives: 10 },
  labelled: { ...CSNAS_SETTINGS.labelled, epochs: 1, batchSize: 20, validateEvery: 1 },
  again: { labelled: 2, labelFree: 2, seed: 2 },
  pirl: 2,
  variants: { networks: 2, trainings: { longer: { title: "more epochs", epochs: 2 } } },
  final: {
    seeds: [11],
    training: { ...CSNAS_SETTINGS.final.training, epochs: 1, batchSize: 20, validateEvery: 1 },
  },
  probe: { seeds: [21], epochs: 1 },
};

export const FEW: SearchSizes = {
  ...CSNAS_SEARCHES,
  seeds: 2,
  evaluations: 3,
  tpe: { initial: 2, candidates: 4, good: 0.25 },
};
