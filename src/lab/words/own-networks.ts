import { existsSync } from "node:fs";
import { ConfigError, readJson } from "../../core";
import { LoadedNetwork, loadFound, checkedTeacher as openedTeacher, Retrained } from "../../retrain";
import {
  type Architecture,
  architectureFromTimm,
  architectureNames,
  architecturePreset,
  isArchitecturePreset,
  parseArchitecture,
  parseTimm,
} from "../../space";
import { checkClasses, openTeacher, Teacher } from "../../teacher";
import type { LabData } from "../values/data";
import { LabNetwork } from "../values/network";
import { LabTeacher } from "../values/teacher";

/**
 * What an own network may be: an architecture as an object, by a preset's name or in timm's block strings; what `retrain` or
 * `loadFound` gave; or the path of a found network (`.json`) or a teacher (`.safetensors`).
 */
export type NetworkSource = Architecture | Retrained | LoadedNetwork | Teacher | string;

/** How each kind of network is given, for messages. */
export const NETWORK_FORMS =
  "a teacher, found or random networks, retrained ones (found.retrain(), retrain(...)), an architecture (object, preset's name, timm strings), or the path of a found.json or a teacher's .safetensors";

/** Whether a value is one that {@link ownNetwork} takes. */
export function isNetworkSource(value: unknown): value is NetworkSource {
  if (typeof value === "string" || value instanceof Retrained || value instanceof LoadedNetwork) return true;
  if (typeof value !== "object" || value === null) return false;
  return value instanceof Teacher || ("blocks" in value && "stem" in value && "classes" in value);
}

/**
 * An own network on a data set.
 * @throws ConfigError, SpaceError, DataError, CheckpointError when it is none, does not fit the data or belongs to others.
 */
export function ownNetwork(source: NetworkSource, data: LabData, label?: string): LabNetwork | LabTeacher {
  if (source instanceof Retrained || source instanceof LoadedNetwork) {
    const { architecture } = source.network;
    return new LabNetwork(label ?? architecture.name, architecture, data, source);
  }
  if (source instanceof Teacher) return new LabTeacher(checkedTeacher(source, data), data);
  if (typeof source !== "string") {
    const architecture = parseArchitecture(source, "lab.network");
    return new LabNetwork(label ?? architecture.name, architecture, data);
  }
  if (source.endsWith(".safetensors")) {
    const teacher = openTeacher(source, { input: data.dataset.shape });
    return new LabTeacher(openedTeacher(teacher, source, data.dataset), data);
  }
  if (source.endsWith(".json")) return ownFound(source, data, label);
  const architecture = named(source, data);
  return new LabNetwork(label ?? architecture.name, architecture, data);
}

function ownFound(path: string, data: LabData, label?: string): LabNetwork {
  const value = existsSync(path)
    ? readJson(path, { what: "an architecture or a found network", byUser: true })
    : undefined;
  if (value !== undefined && !isFound(value)) {
    const architecture = parseArchitecture(value, path);
    return new LabNetwork(label ?? architecture.name, architecture, data);
  }
  const found = loadFound(path);
  try {
    return new LabNetwork(label ?? found.record.architecture.name, found.record.architecture, data, found);
  } catch (error) {
    found.dispose();
    throw error;
  }
}

function isFound(value: unknown): boolean {
  return typeof value === "object" && value !== null && "format" in value;
}

function checkedTeacher(teacher: Teacher, { name, dataset }: LabData): Teacher {
  checkClasses(teacher, dataset, "lab.network: to be measured,");
  if (teacher.dataset === name) return teacher;
  throw new ConfigError(
    `lab.network: the teacher ${teacher.architecture.name} must be of data set ${name}, got ${teacher.dataset}; draw one figure for each`,
    { dataset: teacher.dataset },
  );
}

function named(text: string, { dataset }: LabData): Architecture {
  if (isArchitecturePreset(text)) return architecturePreset(text);
  if (/^\s*(\[|(ir|ds|cn)_)/.test(text)) {
    const { shape, classes } = dataset;
    return architectureFromTimm(parseTimm(text), { input: shape, classes: classes.length });
  }
  const what = existsSync(text) ? "a file of another kind" : "neither a preset nor a file";
  throw new ConfigError(
    `lab.network: a name must be a preset's (${architectureNames().join(", ")}), timm's block strings, or the path of a found.json or a teacher's .safetensors; ${JSON.stringify(text)} is ${what}`,
    { source: text },
  );
}
