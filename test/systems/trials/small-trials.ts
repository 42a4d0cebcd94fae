import { engine } from "../../../src/engine";
import { RunDirectory } from "../../../src/study";
import { parseTrialConfig, runTrials, type TrialResult } from "../../../src/systems/trials";

const data = { name: "synthetic", trainCount: 40, validationCount: 20, testCount: 20 };

/** TPE by a loss without labels: the fifth and later trials depend on what came of those before. */
export const LABEL_FREE = {
  system: "csnas",
  data,
  searcher: { kind: "tpe", initial: 4, candidates: 8, good: 0.25 },
  evaluator: { kind: "label-free", epochs: 1, features: 4, batchSize: 20, negatives: 10, learningRate: 0.003 },
  evaluations: 8,
} as const;

/** Staged evolution whose stages go on from weights. */
export const STAGED = {
  system: "econas",
  data,
  searcher: {
    kind: "staged-evolution",
    stages: 2,
    cycles: 1,
    initial: 3,
    parents: [1, 1],
    promoted: [1],
    finalists: 1,
  },
  evaluator: { kind: "trained-accuracy", epochs: 2, proxy: "c4r0s0e2", batchSize: 20, learningRate: 0.05 },
  evaluations: 8,
} as const;

/** Runs an experiment in a folder as `blockwise run` does. @param onTrial Called after each evaluation. */
export async function search(
  folder: string,
  experiment: typeof LABEL_FREE | typeof STAGED,
  onTrial?: (done: number) => void,
): Promise<TrialResult> {
  engine.use("auto", { threads: 1 });
  const config = parseTrialConfig(experiment);
  const { evaluations: _, ...kept } = config;
  const run = RunDirectory.open(folder, kept);
  try {
    const onProgress = ({ task, done }: { task: string; done: number }) => {
      if (task.startsWith("search")) onTrial?.(done);
    };
    return await runTrials(config, run, { onProgress });
  } finally {
    run.close();
  }
}
