import { join } from "node:path";
import { z } from "zod";
import { breathe, Progress, packageRoot, type StepContext, writeJson } from "../../core";
import { type Provenance, provenanceOf } from "../../study";
import { readStoredResults } from "../../study/stored-results";
import { type EeeaRun, eeeaTable, runEeeaArm } from "./run-arm";
import { EEEA_ARM_NAMES, EEEA_SETTINGS, type EeeaArmName, EVALUATIONS } from "./settings";
import type { StoredEeeaRuns } from "./summary";

/** What the members of the file mean, beside them. */
const DEFINITIONS = {
  keys: "cells of NAS-Bench-201 in the order of their evaluation, a generation after the other",
  refused: "draws that were beyond the early exit's limit: for the first generation, and for all others",
};

/** The raw results: which cells each search evaluated. Plain JSON. */
export interface StoredEeea {
  readonly settings: typeof EEEA_SETTINGS;
  readonly definitions: typeof DEFINITIONS;
  readonly arms: StoredEeeaRuns;
  readonly provenance: Provenance;
}

/** Where the results lie that ship with the package. */
export function eeeaFile(): string {
  return join(packageRoot(), "notebooks", "expected", "12_eeea_net.json");
}

/**
 * Runs all searches and writes what they evaluated; seconds, for networks are looked up.
 * @throws InterruptedError when stopped; nothing is written then.
 */
export async function writeEeea(file: string, command: string, context: StepContext = {}): Promise<StoredEeea> {
  const table = eeeaTable();
  const { finished: _, ...code } = provenanceOf(command);
  const total = EEEA_ARM_NAMES.length * EEEA_SETTINGS.seeds;
  const progress = new Progress(context, "search with and without early exit", total, "searches");
  const arms = {} as Record<EeeaArmName, EeeaRun[]>;
  for (const arm of EEEA_ARM_NAMES) {
    arms[arm] = [];
    for (let seed = 1; seed <= EEEA_SETTINGS.seeds; seed++) {
      progress.throwIfStopped();
      await breathe();
      arms[arm].push(runEeeaArm(arm, seed, table));
      progress.advance();
    }
  }
  const provenance = { ...code, finished: new Date().toISOString() };
  const stored: StoredEeea = { settings: EEEA_SETTINGS, definitions: DEFINITIONS, arms, provenance };
  writeJson(file, stored);
  return stored;
}

const runSchema = z.object({
  seed: z.number(),
  keys: z
    .string()
    .regex(/^[0-4]{6}( [0-4]{6})*$/)
    .refine((keys) => keys.split(" ").length === EVALUATIONS, `must be ${EVALUATIONS} cells`),
  refused: z.tuple([z.number(), z.number()]),
});

/** What figures are computed from. */
const storedSchema = z.looseObject({
  settings: z.looseObject({ seeds: z.number() }),
  arms: z.object(
    Object.fromEntries(EEEA_ARM_NAMES.map((arm) => [arm, z.array(runSchema).length(EEEA_SETTINGS.seeds)])) as Record<
      EeeaArmName,
      z.ZodArray<typeof runSchema>
    >,
  ),
});

/** The stored results. @throws DataError when the file is absent, or another one. */
export function storedEeea(path: string = eeeaFile()): StoredEeea {
  return readStoredResults(path, storedSchema, { study: "eeea", what: "the stored searches of EEEA-Net" });
}
