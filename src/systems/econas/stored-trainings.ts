import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { DataError, packageRoot, wrongForm } from "../../core";
import type { Provenance } from "../../study";
import { ECONAS_SETTINGS, PROXIES, type ProxyName } from "./settings";

/** What the members of the file mean, beside them. */
export const DEFINITIONS = {
  networks: "multiply-adds of one image in the full setting, parameters",
  full: "by seed and network: validation and test accuracy (percent), processor seconds of the training",
  proxies:
    "by proxy, of the study's networks in the order of `studied`: validation accuracy, processor seconds, multiply-adds of the training's forward passes",
  stages:
    "by network, the stages of the proxy `staged` in turn: validation accuracy, processor seconds, multiply-adds of the stage alone",
};

/** A training as it is stored. */
export type StoredTraining = readonly [validation: number | null, seconds: number, trainingMacs: number];

/** Networks that were trained once and for all. Plain JSON; null is an accuracy of a training that diverged. */
export interface StoredTrainings {
  readonly settings: typeof ECONAS_SETTINGS;
  readonly definitions: typeof DEFINITIONS;
  readonly networks: Readonly<Record<string, readonly [macs: number, params: number]>>;
  readonly full: readonly Readonly<
    Record<string, readonly [validation: number | null, test: number | null, seconds: number]>
  >[];
  readonly studied: readonly string[];
  readonly proxies: Readonly<Record<ProxyName, readonly StoredTraining[]>>;
  readonly staged: ProxyName;
  readonly stages: Readonly<Record<string, readonly StoredTraining[]>>;
  readonly provenance: Provenance;
}

/** Where the trainings lie, below the package or the folder of one's own results. */
export function trainingsFile(root: string = packageRoot()): string {
  return join(root, "data", "benchmarks", "econas-fashion-mnist.json.gz");
}

const accuracy = z.number().min(0).max(100).nullable();
const measuredSchema = z.tuple([accuracy, z.number().min(0), z.number().min(0)]);
const schema = z.looseObject({
  networks: z.record(z.string(), z.tuple([z.number(), z.number()])),
  full: z.array(z.record(z.string(), z.tuple([accuracy, accuracy, z.number()]))).length(ECONAS_SETTINGS.seeds.length),
  studied: z.array(z.string()).length(ECONAS_SETTINGS.study.networks),
  proxies: z.object(
    Object.fromEntries(
      PROXIES.map((name) => [name, z.array(measuredSchema).length(ECONAS_SETTINGS.study.networks)]),
    ) as Record<ProxyName, z.ZodArray<typeof measuredSchema>>,
  ),
  staged: z.enum(PROXIES),
  stages: z.record(z.string(), z.array(measuredSchema).length(ECONAS_SETTINGS.stages)),
});

/** The stored trainings. @throws DataError when the file is absent, damaged, or another one. */
export function storedTrainings(path: string = trainingsFile()): StoredTrainings {
  const refused = (met: string, cause?: unknown) =>
    new DataError(
      `study econas: ${path} must hold the trainings of EcoNAS' proxies, and ${met}; make it with npx blockwise study econas-table`,
      { path },
      { cause },
    );
  if (!existsSync(path)) throw refused("does not exist");
  let value: unknown;
  try {
    value = JSON.parse(gunzipSync(readFileSync(path)).toString("utf8"));
  } catch (cause) {
    throw refused("is damaged or no gzip file of JSON", cause);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw refused(`is not (${wrongForm(parsed.error, value)})`);
  return parsed.data as unknown as StoredTrainings;
}
