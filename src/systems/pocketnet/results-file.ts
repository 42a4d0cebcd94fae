import { join } from "node:path";
import { z } from "zod";
import { packageRoot, type StepContext, writeJson } from "../../core";
import { type Provenance, provenanceOf } from "../../study";
import { readStoredResults } from "../../study/stored-results";
import { type PocketNetRuns, runPocketNet } from "./run-study";
import {
  OTHER_LENGTHS,
  POCKETNET_ARM_NAMES,
  POCKETNET_SETTINGS,
  type PocketNetArmName,
  type PocketNetSettings,
} from "./settings";
import { type TrainingLength, verifiedBySeed } from "./summary";

/** What the members of the file mean, beside them. */
const DEFINITIONS = {
  faces: "synthetic: drawings, of nobody",
  cosines:
    "of the pairs of strangers, fold by fold, those of one person first: 16-bit whole numbers of 1/30,000, little-endian, base64",
  distance: "mean squared difference, a component, of unit embeddings to the teacher's that the epoch learns from",
  withTeacher: "mean cosine with the final teacher's embeddings, over all faces of strangers",
  lengths: "the same trainings with other numbers of epochs: accuracy of verification by seed, percent",
};

/** The raw results. Plain JSON. */
export interface StoredPocketNet extends PocketNetRuns {
  readonly settings: PocketNetSettings;
  readonly lengths: readonly TrainingLength[];
  readonly definitions: typeof DEFINITIONS;
  readonly provenance: Provenance;
}

/** Where the results lie that ship with the package. */
export function pocketNetFile(): string {
  return join(packageRoot(), "notebooks", "expected", "14_pocketnet.json");
}

/**
 * Runs the study and writes what it measured; about an hour of one thread. A call that was stopped or killed goes on.
 * @param place Where states of trainings are kept, and where the results are to be.
 * @throws InterruptedError when stopped.
 */
export async function writePocketNet(
  place: { readonly runs: string; readonly file: string; readonly command: string },
  context: StepContext = {},
  settings: PocketNetSettings = POCKETNET_SETTINGS,
  otherLengths: readonly number[] = OTHER_LENGTHS,
): Promise<StoredPocketNet> {
  const { finished: _, ...code } = provenanceOf(place.command);
  const folder = join(place.runs, "pocketnet");
  const runs = await runPocketNet(settings, folder, context);
  const lengths: TrainingLength[] = [];
  for (const epochs of otherLengths) {
    const other = { ...settings, training: { ...settings.training, epochs } };
    const { arms } = await runPocketNet(other, folder, context, join(folder, `epochs${epochs}`));
    lengths.push({ epochs, accuracy: verifiedBySeed(arms, settings) });
  }
  const provenance = { ...code, finished: new Date().toISOString() };
  const stored: StoredPocketNet = { settings, definitions: DEFINITIONS, ...runs, lengths, provenance };
  writeJson(place.file, stored);
  return stored;
}

const epochSchema = z.object({ epoch: z.number(), identityLoss: z.number(), distance: z.number().optional() });
const runSchema = z.object({ seed: z.number(), epochs: z.array(epochSchema).min(1), cosines: z.string() });
const sizeSchema = z.object({ macs: z.number(), params: z.number() });

/** What figures are computed from. */
const storedSchema = z.looseObject({
  settings: z.looseObject({
    pairs: z.looseObject({ folds: z.number(), pairs: z.number() }),
    distillationWeight: z.number(),
    seeds: z.array(z.number()).min(1),
  }),
  search: z.looseObject({ cells: z.record(z.string(), z.string()) }),
  teacher: runSchema.extend({ size: sizeSchema }),
  students: z.object({ darts: sizeSchema, blockwise: sizeSchema }),
  lengths: z
    .array(
      z.object({
        epochs: z.number(),
        accuracy: z.object(
          Object.fromEntries(POCKETNET_ARM_NAMES.map((arm) => [arm, z.array(z.number()).min(1)])) as unknown as Record<
            PocketNetArmName,
            z.ZodType
          >,
        ),
      }),
      // A single run has those of its settings alone.
    )
    .default([]),
  arms: z.object(
    Object.fromEntries(
      POCKETNET_ARM_NAMES.map((arm) => [arm, z.array(runSchema.extend({ withTeacher: z.number() })).min(1)]),
    ) as unknown as Record<PocketNetArmName, z.ZodType>,
  ),
});

/** The stored results. @throws DataError when the file is absent, or another one. */
export function storedPocketNet(path: string = pocketNetFile()): StoredPocketNet {
  return readStoredResults(path, storedSchema, { study: "pocketnet", what: "the stored trainings of PocketNet" });
}
