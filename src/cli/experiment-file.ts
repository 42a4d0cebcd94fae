import { ConfigError, readJson } from "../core";

/** An experiment as its user wrote it, not checked yet but for being an object. @throws ConfigError */
export function readExperiment(file: string, where: string): Readonly<Record<string, unknown>> {
  const value = readJson(file, {
    what: "an experiment, e.g. experiments/quickstart.json",
    mend: "name the file of one; what it leaves out has a default",
    byUser: true,
  });
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ConfigError(`${where}: ${file} must hold a JSON object, got ${JSON.stringify(value)?.slice(0, 40)}`);
}
