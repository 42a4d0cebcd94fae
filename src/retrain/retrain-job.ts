import { type JobWork, type ProgressEvent, Rng } from "../core";
import type { Dataset } from "../data";
import { engine } from "../engine";
import { loadState, Network, type StoredTensor, saveState } from "../nn";
import type { Architecture } from "../space";
import { Teacher, type TeacherRecord } from "../teacher";
import { type Retrained, type RetrainOptions, retrain } from "./retrain";

/** A teacher as plain data. */
export interface SharedTeacher {
  readonly record: TeacherRecord;
  readonly state: Map<string, StoredTensor>;
}

/** A training as plain data: any thread does it and gets the same bytes. */
export interface RetrainJob {
  /** Place among the trainings that were asked for. */
  readonly index: number;
  readonly architecture: Architecture;
  readonly dataset: Dataset;
  readonly options: Omit<RetrainOptions, "distillation">;
  readonly distillation?: { readonly weight: number; readonly temperature: number; readonly teacher: SharedTeacher };
}

/** What comes of a training. */
export type RetrainMessage =
  | { readonly kind: "progress"; readonly event: ProgressEvent }
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "trained"; readonly trained: TrainedState };

/** A trained network as plain data. */
export interface TrainedState extends Pick<Retrained, "dataset" | "preprocessing" | "history" | "training"> {
  readonly state: Map<string, StoredTensor>;
}

/** Trains one network in a job thread, with one thread of the native engine. */
export const work: JobWork<RetrainJob, RetrainMessage> = async (job, tell, signal) => {
  engine.use("native", { threads: 1 });
  const { architecture, dataset, options, distillation } = job;
  const teacher = distillation && teacherOf(distillation.teacher);
  try {
    const learnt = distillation && teacher && { ...distillation, teacher };
    const retrained = await retrain(
      architecture,
      dataset,
      { ...options, ...(learnt && { distillation: learnt }) },
      {
        signal,
        onProgress: (event) => tell({ kind: "progress", event }),
        onWarning: (message) => tell({ kind: "warning", message }),
      },
    );
    const { dataset: data, preprocessing, history, training, network } = retrained;
    tell({ kind: "trained", trained: { dataset: data, preprocessing, history, training, state: saveState(network) } });
    retrained.dispose();
  } finally {
    teacher?.dispose();
  }
};

/** A teacher as plain data, for {@link RetrainJob}. */
export function shareTeacher(teacher: Teacher): SharedTeacher {
  const { architecture, preprocessing, classes, dataset, history, network } = teacher;
  return { record: { architecture, preprocessing, classes, dataset, history }, state: saveState(network) };
}

function teacherOf({ record, state }: SharedTeacher): Teacher {
  const network = new Network(record.architecture, new Rng(0));
  loadState(network, state);
  return new Teacher(network, record);
}
