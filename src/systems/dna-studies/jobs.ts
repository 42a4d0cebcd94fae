import { type StudyConfig, type StudySetting, settingsOf } from "../../study/ranking";
import { type ExperimentConfig, parseExperiment } from "../dna/config";

/** Teachers by the name `found:<file of a study's figures>`: the network that the study found, see `keyOf`. */
export const FOUND = "found:";
/** Whether a teacher is the network that a study found: which one it is, the study's figures say when it is to be trained. */
export const isFoundName = (name: unknown): name is string => typeof name === "string" && name.startsWith(FOUND);
/** Stands in for a network of the benchmark that is not known yet. */
const ANY_NETWORK = "nas-bench-macro/11111111";

/** One setting under one seed: a teacher, distilled and rated. */
export interface StudyJob extends Omit<StudySetting, "experiment"> {
  readonly experiment: ExperimentConfig;
}

/**
 * All jobs of a study, seed by seed, so that a study cut short has whole seeds.
 * @throws ConfigError when a variant's experiment is malformed.
 */
export function jobsOf(config: StudyConfig): StudyJob[] {
  return settingsOf(config).map((setting) => ({
    ...setting,
    experiment: parsed(setting.experiment, `study ${config.name}, variant ${setting.name}`),
  }));
}

function parsed(experiment: StudySetting["experiment"], where: string): ExperimentConfig {
  const { teacher } = experiment as { readonly teacher?: { readonly architecture?: unknown } };
  const architecture = teacher?.architecture;
  if (!isFoundName(architecture)) return parseExperiment(experiment, where);
  const known = { ...experiment, teacher: { ...teacher, architecture: ANY_NETWORK } };
  const config = parseExperiment(known, where);
  return { ...config, teacher: { ...config.teacher, architecture } };
}
