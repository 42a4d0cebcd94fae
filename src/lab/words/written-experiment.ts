import { ConfigError, readJson } from "../../core";

/**
 * An experiment as its user gave it, an object or the path of a JSON file with one; its options are not checked yet.
 * @throws ConfigError when it is neither, or the file cannot be read.
 */
export function writtenExperiment(
  where: string,
  experiment: string | Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const written =
    typeof experiment === "string" ? readJson(experiment, { what: "an experiment", byUser: true }) : experiment;
  if (typeof written === "object" && written !== null && !Array.isArray(written)) {
    return written as Readonly<Record<string, unknown>>;
  }
  throw new ConfigError(`${where}: the experiment must be an object, or the path of a JSON file with one`);
}
