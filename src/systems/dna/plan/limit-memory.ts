import { formatCount, limitFeatureMemory, type StepContext, StudyError } from "../../../core";
import { type Dataset, imageSize } from "../../../data";
import type { ExperimentConfig } from "../config";
import type { PreparedExperiment } from "../prepare-experiment";
import { planExperiment } from "./plan-experiment";

/** What a run may take beyond its probe, which is smaller: its peak was up to 1.09 of that where it was measured. */
const MARGIN = 1.12;

/**
 * Bounds what an experiment that is to be run in this process takes in memory, by what a probe needs (see
 * {@link planExperiment}): what the bound leaves beside that may be feature maps and the copy of the images that threads share,
 * and what is more of them goes to the disk, where a run's own features are anyhow. Results stay the same bytes.
 * @param bytes At most so many, of the whole process.
 * @returns Bytes that the experiment needs at least, with a margin of an eighth, and those left for feature maps.
 * @throws StudyError naming what is needed at least, when the bound is below it.
 */
export async function limitMemory(
  bytes: number,
  config: ExperimentConfig,
  prepared: PreparedExperiment,
  data: Dataset,
  context: StepContext = {},
): Promise<{ readonly least: number; readonly features: number }> {
  const { memoryBytes } = await planExperiment(config, prepared, data, new Map(), context);
  // The copy of the images may be on the disk.
  const least = Math.ceil(MARGIN * (memoryBytes - data.train.count * imageSize(data.shape)));
  if (bytes < least) {
    throw new StudyError(
      `memory: the run needs ${formatCount(least)}B at least, with all feature maps on the disk, and may take ${formatCount(bytes)}B; allow more, or take fewer images (data.trainCount), smaller batches, or fewer threads`,
      { needed: least, allowed: bytes },
    );
  }
  return { least, features: limitFeatureMemory(bytes - least) };
}
