import type { ExperimentInput } from "../../src/systems/dna";
import { tinyArchitecture } from "../teacher/tiny";

/** The whole way on 8x8 stripe patterns: some seconds on one thread. */
export const tinyExperiment: ExperimentInput = {
  name: "tiny",
  seed: 4,
  threads: 1,
  data: { name: "synthetic", trainCount: 256, validationCount: 64, testCount: 64 },
  teacher: { architecture: { ...tinyArchitecture }, epochs: 2, batchSize: 32 },
  split: [1],
  space: {
    kernels: [3, 5],
    expansions: [2],
    cells: [
      [
        { depth: 1, width: 4 },
        { depth: 2, width: 4 },
      ],
      [
        { depth: 2, width: 8 },
        { depth: 2, width: 4 },
      ],
    ],
  },
  distill: { images: 128, epochs: 4, batchSize: 8 },
  rate: { images: 48, calibrationImages: 32, batchSize: 16 },
  search: { macs: "60k" },
  retrain: { epochs: 2, batchSize: 32, alongFront: 2, random: 1, tolerance: 0.3 },
};
