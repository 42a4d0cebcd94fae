import { dirname, join } from "node:path";
import { ConfigError } from "../../core";
import type { Measure } from "./measures";
import type { StudyConfig, WithoutLabels } from "./study-config";

/** A variant by its study. */
export interface SettingName {
  readonly study: string;
  readonly variant: string;
}

/** One setting under one seed, as the study's file has it. */
export interface StudySetting {
  /** The variant's name in this study. */
  readonly name: string;
  /** Study and variant that the ratings belong to: others where a variant is the same as one of another study. */
  readonly study: string;
  readonly variant: string;
  readonly title: string;
  readonly seed: number;
  readonly teacherSeed: number;
  /** What a teacher's name `found:<file>` is relative to. */
  readonly root: string;
  readonly cuts: readonly number[];
  readonly measure: Measure;
  /** Merged from the study's and the variant's; whoever does the study reads it. */
  readonly experiment: Readonly<Record<string, unknown>>;
  /** The teacher sees no labels. */
  readonly withoutLabels?: WithoutLabels;
  /** Whose supernets are rated, after their epoch `epoch` or their last one. */
  readonly distilledBy?: SettingName;
  /** The cuts are those of its supernets; whole networks are rated. */
  readonly chains?: boolean;
  readonly epoch?: number;
  readonly keepEpochs?: boolean;
  /** Where its raw ratings go. */
  readonly result: string;
}

/**
 * All settings of a study, seed by seed, so that a study cut short has whole seeds.
 * @throws ConfigError when a variant lacks what it is made of.
 */
export function settingsOf(config: StudyConfig): StudySetting[] {
  const { seeds, variants } = config;
  const all = [...new Set([...seeds, ...variants.flatMap((one) => one.seeds ?? [])])].sort((a, b) => a - b);
  return all.flatMap((seed) =>
    variants.filter((one) => (one.seeds ?? seeds).includes(seed)).map((one) => settingOf(config, one, seed)),
  );
}

function settingOf(config: StudyConfig, one: StudyConfig["variants"][number], seed: number): StudySetting {
  const { name, results, teacherSeed, measure, experiment } = config;
  const joined = (key: "data" | "teacher" | "distill" | "rate") => ({ ...(experiment[key] as object), ...one[key] });
  const merged = {
    ...experiment,
    seed,
    data: joined("data"),
    teacher: joined("teacher"),
    distill: joined("distill"),
    rate: joined("rate"),
  };
  const { study: owner, variant: owned } = ownerOf(config, one.name);
  if (one.chains && !one.distilledBy) {
    throw new ConfigError(
      `study ${name}: variant ${one.name} has chains, and needs "distilledBy": the variant whose supernets are chained`,
      { variant: one.name },
    );
  }
  return {
    name: one.name,
    study: owner,
    variant: owned,
    title: one.title,
    seed,
    teacherSeed,
    root: config.root,
    cuts: one.cuts ?? config.cuts,
    measure,
    experiment: merged,
    ...(one.withoutLabels && { withoutLabels: one.withoutLabels }),
    ...(one.distilledBy && { distilledBy: ownerOf(config, one.distilledBy) }),
    ...(one.chains && { chains: true }),
    ...(one.epoch && { epoch: one.epoch }),
    ...(one.keepEpochs && { keepEpochs: true }),
    result: join(one.sameAs ? join(dirname(results), owner) : results, `${owned}-seed${seed}.json`),
  };
}

/** Whom a variant's ratings belong to. @throws ConfigError when the study has no such variant. */
function ownerOf({ name, variants }: StudyConfig, variant: string): SettingName {
  const found = variants.find((one) => one.name === variant);
  if (found) return found.sameAs ?? { study: name, variant };
  throw new ConfigError(
    `study ${name}: distilledBy must be one of ${variants.map((one) => one.name).join(", ")}, got ${variant}`,
    { variant },
  );
}
