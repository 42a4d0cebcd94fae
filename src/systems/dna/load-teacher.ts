import { ConfigError } from "../../core";
import type { Dataset } from "../../data";
import { asTeacher, loadFound } from "../../retrain";
import { Teacher } from "../../teacher";

/**
 * A teacher from its file (`.safetensors`), or from a found network's (`.json`): the student of one round as the teacher of
 * the next (DNA+, arXiv 2403.01326).
 * @throws ConfigError when it belongs to another data set, CheckpointError when the file is damaged or something else.
 */
export function loadTeacher(path: string, { name }: Pick<Dataset, "name">): Teacher {
  const teacher = path.endsWith(".json") ? asTeacher(loadFound(path)) : Teacher.load(path);
  if (teacher.dataset === name) return teacher;
  teacher.dispose();
  throw new ConfigError(
    `teacher: the network in ${path} must be of data set ${name}, got ${teacher.dataset}; load that data set, or train a teacher`,
    { path, dataset: teacher.dataset },
  );
}
