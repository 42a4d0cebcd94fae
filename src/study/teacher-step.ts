import type { Dataset } from "../data";
import { loadTeacher, openTeacherFile } from "../retrain";
import type { Architecture } from "../space";
import { type FineTuneOptions, fineTune, Teacher, type TeacherConfig, teacherParts, trainTeacher } from "../teacher";
import { freshIfForeign, type RunContext } from "./run-context";
import type { RunDirectory } from "./run-directory";

/** The teacher's file inside a run's directory. */
export const TEACHER_FILE = "teacher.safetensors";

/** The state of the teacher's training, likewise. */
export function teacherState(run: RunDirectory): string {
  return run.file("checkpoints", TEACHER_FILE);
}

/**
 * A run's teacher, trained, or opened from the file that the configuration names and taught the data where that is asked for:
 * the step "teacher". Leaves `teacher.safetensors`.
 * @param architecture Of one that is trained.
 * @throws as `trainTeacher`, `fineTune` and `loadTeacher`.
 */
export async function teacherStep(
  run: RunDirectory,
  { architecture, seed, teacher }: { architecture: Architecture; seed: number; teacher: TeacherConfig },
  data: Dataset,
  context: RunContext,
): Promise<Teacher> {
  const { ofFile, file, featuresOnly, fineTune: tuning, training } = teacherParts(teacher);
  const path = run.file(TEACHER_FILE);
  const checkpoint = teacherState(run);
  let trained: Teacher | undefined;
  const make = async () => {
    if (file === undefined) return trainTeacher(architecture, data, { ...training, seed, checkpoint }, context);
    if (!tuning) return loadTeacher(file, data, { pretrained: ofFile, featuresOnly }, context);
    return tuned(file, ofFile, data, { ...tuning, seed, checkpoint }, context);
  };
  await run.step(
    "teacher",
    async () => {
      trained = await freshIfForeign(checkpoint, context, make);
      for (const remark of trained.remarks) context.onNote?.(`teacher: ${remark}`);
      trained.save(path);
      const { macs, params, activationBytes } = trained.cost;
      const { history } = trained;
      return { architecture: trained.architecture.name, file, macs, params, activationBytes, history };
    },
    { output: () => trained!.fingerprint() },
  );
  return trained ?? Teacher.load(path);
}

/** A teacher from its file, taught the data. */
async function tuned(
  file: string,
  ofFile: Parameters<typeof openTeacherFile>[1],
  data: Dataset,
  options: FineTuneOptions & { readonly seed: number },
  context: RunContext,
): Promise<Teacher> {
  const { height, width } = data.shape;
  const before = await openTeacherFile(file, { ...ofFile, input: { height, width } }, context);
  try {
    return await fineTune(before, data, options, context);
  } finally {
    before.dispose();
  }
}
