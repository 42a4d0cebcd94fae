import {
  allCells,
  CSNAS_SETTINGS,
  type CsnasSettings,
  type StoredCsnas,
  smallCellCode,
} from "../../../src/systems/csnas";
import { SIX_SETTINGS, type SixSettings } from "../../../src/systems/six-systems";

/** Cells of two nodes and two operations, two pictures' worth of training. */
export const TINY_CELLS: CsnasSettings = {
  ...CSNAS_SETTINGS,
  ops: ["none", "skip", "max3"],
  nodes: 2,
  network: { stem: 2, channels: 2, input: { height: 8, width: 8, channels: 1 } },
  data: { name: "synthetic", seed: 1, trainCount: 40, validationCount: 20, testCount: 20 },
  contrastive: { epochs: 1, batchSize: 20, features: 4, learningRate: 0.003, negatives: 10 },
  labelled: { ...CSNAS_SETTINGS.labelled, epochs: 3, batchSize: 20, validateEvery: 3 },
  final: { seeds: [11], training: { ...CSNAS_SETTINGS.final.training, epochs: 1, batchSize: 20, validateEvery: 1 } },
};

export const TINY_SYSTEMS: SixSettings = {
  ...SIX_SETTINGS,
  seeds: { lookedUp: 2, trained: [1, 2] },
  dna: {
    teacher: "sep5(0)+sep5(1) | sep5(0)+sep5(1)",
    distillation: { epochs: 1, batchSize: 20, learningRate: 0.005 },
  },
  pnas: { beam: 3, members: 1, mlp: { hidden: 4, steps: 3, learningRate: 0.02 } },
  econas: {
    ...SIX_SETTINGS.econas,
    proxy: "c0r0s0e3",
    search: { initial: 4, parents: [2, 1, 1], promoted: [2, 1], cycles: 1 },
    finalists: 2,
  },
  eeea: { ...SIX_SETTINGS.eeea, population: 4, generations: 2 },
  darts: { epochs: 1, batchSize: 10, order: 1 },
  timed: { cells: 2, seed: 2 },
  again: { seeds: [31, 32] },
};

/** A table of accuracies that follow from operations alone, as CSNAS' study stores its own. */
export function tinyTable(): StoredCsnas {
  const space = smallCellCode("repaired", TINY_CELLS);
  const cells = Object.fromEntries(
    allCells(space).map((cell, i) => {
      const key = space.key(cell);
      const quality = 40 + 3 * key.split("max3").length;
      return [key, [4 - quality / 20, quality + (i % 3), quality, 1000 + 10 * quality, 100 + quality]] as const;
    }),
  );
  const [a, b] = Object.keys(cells);
  return {
    settings: TINY_CELLS,
    cells,
    again: { labelFree: {}, labelled: { [a]: [50, cells[a][2] + 2], [b]: [50, cells[b][2]] } },
    arms: { tpe: [1, 2].map((seed) => ({ seed, cells: "0 3 0 5", chosen: 3 })) },
    provenance: { command: "test", commit: null, modified: false, finished: "2026-01-01T00:00:00.000Z" },
  } as unknown as StoredCsnas;
}
