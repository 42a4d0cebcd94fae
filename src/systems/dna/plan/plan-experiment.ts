import type { StepContext } from "../../../core";
import { type Dataset, identifyData, imageSize } from "../../../data";
import { type JournalRecord, planOutcomes } from "../../../study";
import { featureBytes } from "../../../teacher";
import type { ExperimentConfig } from "../config";
import { plannedSteps } from "../planned-steps";
import type { PreparedExperiment } from "../prepare-experiment";
import { countsOf } from "./smoke-config";
import { smokeExperiment } from "./smoke-experiment";
import { type ForeseenStep, stepTimes } from "./step-times";
import { experimentWork } from "./work";

/** What an experiment will take, said before it begins. */
export interface ExperimentPlan {
  readonly steps: readonly ForeseenStep[];
  /** Milliseconds of all steps that are to be done. */
  readonly ms: number;
  /** How long the measured probe took: the same study at a tiny scale. */
  readonly probeMs: number;
  /** Bytes of what it will leave in its directory. */
  readonly disk: { readonly features: number; readonly checkpoints: number; readonly results: number };
  /** Peak of the process in the probe, with all images read, and the copy of them that threads share. */
  readonly memoryBytes: number;
}

/** Bytes of the teacher's features, which are known without a probe. */
export function plannedFeatureBytes(
  config: ExperimentConfig,
  { blocks, space }: Pick<PreparedExperiment, "blocks" | "space">,
  data: Dataset,
): number {
  return featureBytes(blocks, experimentWork(config, space, countsOf(data)).featureImages, "float16");
}

/**
 * Foresees what an experiment takes: steps and tasks from its configuration, their times from a measured probe, which is the
 * whole study at a tiny scale in a temporary folder, on as many threads as the study itself will have.
 * @param data All its images.
 * @param done What a run that is there has done, by step: that takes no time any more where it is of this configuration.
 * @throws What would make the study itself fail, as `runExperiment`.
 */
export async function planExperiment(
  config: ExperimentConfig,
  prepared: PreparedExperiment,
  data: Dataset,
  done: ReadonlyMap<string, JournalRecord> = new Map(),
  context: StepContext = {},
): Promise<ExperimentPlan> {
  const work = experimentWork(config, prepared.space, countsOf(data));
  const probed = await smokeExperiment(config, data, context);
  const plan = plannedSteps(config, prepared, identifyData(data));
  const outcomes = planOutcomes(plan, { done, before: [], differences: [], damage: () => undefined });
  const steps = stepTimes(plan, work, probed).map((step, i): ForeseenStep => {
    const { state } = outcomes[i];
    return { ...step, state, ms: state === "reused" ? 0 : Math.round(step.ms) };
  });
  const perNetwork = probed.networkBytes / Math.max(1, probed.work.retrained.networks);
  return {
    steps,
    ms: steps.reduce((sum, { ms }) => sum + ms, 0),
    probeMs: Math.round(probed.ms),
    disk: {
      features: plannedFeatureBytes(config, prepared, data),
      checkpoints: Math.round(probed.stateBytes + work.retrained.networks * perNetwork),
      results: probed.resultBytes,
    },
    // Batches are as large as in the study itself, and so is what a step needs beside the images, which threads share a copy of.
    memoryBytes: 1024 * process.resourceUsage().maxRSS + data.train.count * imageSize(data.shape),
  };
}
