import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, fingerprint, readJson, readOrSetAside, type StepContext, waitForLock, warn } from "../../core";
import type { Dataset } from "../../data";
import { architecturePreset } from "../../space";
import { inside } from "../../study/ranking";
import { Teacher, trainTeacher } from "../../teacher";
import { FOUND, isFoundName, type StudyJob } from "./jobs";
import { teacherWithoutLabels } from "./teacher-without-labels";

/**
 * A network's key by its name: itself, or that of the network which a study found.
 * @throws ConfigError when the study has no figures yet.
 */
export function keyOf(name: string, root: string): string {
  if (!isFoundName(name)) return name;
  const file = inside(root, name.slice(FOUND.length));
  if (!existsSync(file)) {
    throw new ConfigError(
      `study: ${file} must have the network that the study found, and does not exist; run that study first`,
      {
        file,
      },
    );
  }
  return (readJson(file) as { readonly found: readonly { readonly key: string }[] }).found[0].key;
}

/** The job with its teacher's name resolved, see {@link keyOf}. */
export function withTeacher(job: StudyJob): StudyJob {
  const { teacher } = job.experiment;
  if (!isFoundName(teacher.architecture)) return job;
  const architecture = `nas-bench-macro/${keyOf(teacher.architecture, job.root)}`;
  return { ...job, experiment: { ...job.experiment, teacher: { ...teacher, architecture } } };
}

/** The teacher of these options and images, from the folder that all studies share, or trained into it. */
export async function sharedTeacher(
  { experiment, teacherSeed, withoutLabels }: Pick<StudyJob, "experiment" | "teacherSeed" | "withoutLabels">,
  data: Dataset,
  runs: string,
  context: StepContext,
): Promise<Teacher> {
  const { architecture, ...options } = experiment.teacher;
  if (typeof architecture !== "string") throw new TypeError("ranking: the teacher must be a preset of NAS-Bench-Macro");
  const made = fingerprint([architecture, withoutLabels ?? options, teacherSeed, data.fingerprint]);
  const name = `${architecture.split("/").at(-1)}-${made}`;
  const path = join(runs, "teachers", `${name}.safetensors`);
  const there = kept(path, context);
  if (there) return there;
  // Of two studies that need the same teacher one trains it.
  const lock = await waitForLock(`${path}.lock`, "shared teacher", context, (held) => warn(context, held));
  try {
    const meanwhile = kept(path, context);
    if (meanwhile) return meanwhile;
    const checkpoint = join(runs, "teachers", `${name}.checkpoint.safetensors`);
    const preset = architecturePreset(architecture);
    const trained = withoutLabels
      ? await teacherWithoutLabels(preset, data, withoutLabels, teacherSeed, context)
      : await trainTeacher(preset, data, { ...options, seed: teacherSeed, checkpoint }, context);
    lock.check();
    trained.save(path);
    return trained;
  } finally {
    lock.release();
  }
}

/** The teacher in a file; a damaged one is put aside, and its training, whose state is kept, gives it again. */
function kept(path: string, context: StepContext): Teacher | undefined {
  return existsSync(path)
    ? readOrSetAside(path, () => Teacher.load(path), "the teacher is made anew", context)
    : undefined;
}
