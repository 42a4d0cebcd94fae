import { type StudyConfig, type StudySetting, settingsOf } from "../../study/ranking";
import { type ExperimentConfig, parseExperiment } from "../dna/config";

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
    experiment: parseExperiment(setting.experiment, `study ${config.name}, variant ${setting.name}`),
  }));
}
