import { existsSync, readFileSync } from "node:fs";
import { ConfigError, fingerprint } from "../../core";
import type { Dataset } from "../../data";
import { asTeacher, loadFound } from "../../retrain";
import type { Architecture } from "../../space";
import { Teacher } from "../../teacher";

/** A teacher's file by what is in it. */
export interface NamedTeacher {
  readonly architecture: Architecture;
  /** Names the file's content. */
  readonly content: string;
}

/**
 * Looks a teacher's file up before it is needed.
 * @throws ConfigError when it does not exist, CheckpointError when it is damaged or something else.
 */
export function nameTeacher(path: string): NamedTeacher {
  if (!existsSync(path)) {
    throw new ConfigError(
      `experiment: teacher.file must be a teacher's file (.safetensors) or a found network's (.json), and ${path} does not exist`,
      { path },
    );
  }
  const teacher = read(path);
  teacher.dispose();
  // A found network's file names its weights by their hash.
  return { architecture: teacher.architecture, content: fingerprint(new Uint8Array(readFileSync(path))) };
}

function read(path: string): Teacher {
  return path.endsWith(".json") ? asTeacher(loadFound(path)) : Teacher.load(path);
}

/**
 * A teacher from its file (`.safetensors`), or from a found network's (`.json`): the student of one round as the teacher of
 * the next (DNA+, arXiv 2403.01326).
 * @throws ConfigError when it belongs to another data set, CheckpointError when the file is damaged or something else.
 */
export function loadTeacher(path: string, { name }: Pick<Dataset, "name">): Teacher {
  const teacher = read(path);
  if (teacher.dataset === name) return teacher;
  teacher.dispose();
  throw new ConfigError(
    `teacher: the network in ${path} must be of data set ${name}, got ${teacher.dataset}; load that data set, or train a teacher`,
    { path, dataset: teacher.dataset },
  );
}
