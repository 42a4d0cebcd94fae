import { existsSync } from "node:fs";
import { type StepContext, writeJson } from "../../core";
import { loadDataset } from "../../data";
import { type RetrainedRecord, type Retraining, readRetraining } from "../../study/ranking";
import type { StudyJob } from "./jobs";
import type { JobPlace } from "./run-job";
import { keyOf, sharedTeacher } from "./shared-teacher";

/**
 * Trains networks from scratch by the recipe of a job's teacher and measures them on the test images; teachers that are
 * there already are only measured. Goes on where it was stopped.
 */
export async function retrainNetworks(
  job: StudyJob,
  { result, networks }: { readonly result: string; readonly networks: readonly string[] },
  { runs, images: root, provenance }: JobPlace,
  context: StepContext,
): Promise<Retraining> {
  if (existsSync(result)) return readRetraining(result);
  const { experiment, teacherSeed } = job;
  const { name: dataset, ...division } = experiment.data;
  const data = await loadDataset(dataset, { ...division, ...(root && { root }), seed: teacherSeed }, context);
  const trained: RetrainedRecord[] = [];
  for (const name of networks) {
    const key = keyOf(name, job.root);
    const teacher = { ...experiment.teacher, architecture: `nas-bench-macro/${key}` };
    const network = await sharedTeacher({ experiment: { ...experiment, teacher }, teacherSeed }, data, runs, context);
    try {
      const { accuracy: testAccuracy } = await network.evaluate(data.test, context);
      const { macs, params } = network.cost;
      const ms = network.history.epochs.reduce((sum, { durationMs }) => sum + durationMs, 0);
      trained.push({
        key,
        macs,
        params,
        // Trained here, by whichever study came first.
        validationAccuracy: network.accuracy!,
        testAccuracy,
        testImages: data.test.count,
        minutes: Number((ms / 60000).toFixed(1)),
        seed: teacherSeed,
      });
    } finally {
      network.dispose();
    }
  }
  const { architecture: _, ...options } = experiment.teacher;
  const recipe = { ...options, trainImages: data.train.count, dataset: data.name };
  const retraining = { recipe, networks: trained, provenance: provenance() };
  writeJson(result, retraining);
  return retraining;
}
