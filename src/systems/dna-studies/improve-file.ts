import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TrueNetwork } from "../../benchmark";
import { DataError, fingerprint, readJson, type StepContext, writeJson } from "../../core";
import { type Provenance, provenanceOf } from "../../study";
import { storedRatings } from "../../study/ranking";
import { type ImproveDraw, type ImproveStudy, improveStudy } from "./improve-study";

/** Seed of the draws, their number a seed of the ratings, and the numbers of trainings. */
const SETTINGS = { seed: 1, draws: 20, counts: [8, 12, 16, 22, 30] };

/** What the figures of the file mean, beside them. */
const DEFINITIONS = {
  trained:
    "networks in the order of training, each with the place (0, 1, 2) of its accuracy in the benchmark's test_acc: 20111222:1",
  rank: "networks drawn at random, none of the 100 tuning ones; tau-b and (concordant - discordant) / pairs of MACs within 2.5 %, of the calibration's mean with mean_acc, over all networks that are neither tuning ones nor trained in that draw",
  pick: "mean over 20, 25, ..., 75 million MACs of the best mean_acc within the limit less that of the picked network (picked: one key a limit), over all 3,969 networks; with and without ratings by the acquisition of ratings.improve, one training after another, begun at six budgets with the ratings' optima (without: random networks); evolution and random search with the limits in turn and the best accuracy seen as the pick",
  spread:
    "mean, and the middle 95 % of draws and seeds (low, high); of gain: with ratings less without, the mean and its 95 % interval",
};

export interface StoredImproveStudy extends ImproveStudy {
  readonly settings: typeof SETTINGS & { readonly ratings: readonly number[] };
  readonly definitions: typeof DEFINITIONS;
  readonly provenance: Provenance;
}

/** Where the study's file lies, beside the ratings that it stands on (`.../02_dna_ranking`). */
export function improveFile(ratings: string): string {
  return join(ratings, "..", "06_improve.json");
}

/**
 * Simulates and stores what few trained networks are worth; about two minutes. A run that was stopped goes on.
 * `ratings`: folder of the ranking study's raw ratings; `runs`: where draws that are done are kept.
 * @throws InterruptedError when stopped.
 */
export async function writeImproveStudy(
  { ratings, runs, command }: { readonly ratings: string; readonly runs: string; readonly command: string },
  truth: readonly TrueNetwork[],
  context: StepContext,
): Promise<StoredImproveStudy> {
  const { raws } = storedRatings(ratings);
  const { finished: _, ...code } = provenanceOf(command);
  const blocks = raws.map((raw) => raw.blocks);
  const place = join(runs, `06_improve-${fingerprint({ blocks, truth, code, ...SETTINGS })}.json`);
  const done = new Map<string, ImproveDraw>(existsSync(place) ? Object.entries(readJson(place) as object) : []);
  const store = {
    get: (key: string) => done.get(key),
    set: (key: string, draw: ImproveDraw) => {
      if (done.has(key)) return;
      done.set(key, draw);
      writeJson(place, Object.fromEntries(done));
    },
  };
  const study = await improveStudy(raws, truth, SETTINGS, context, store);
  const stored = {
    ...study,
    settings: { ...SETTINGS, ratings: raws.map(({ seed }) => seed) },
    definitions: DEFINITIONS,
    provenance: { ...code, finished: new Date().toISOString() },
  };
  writeJson(improveFile(ratings), stored);
  return stored;
}

/** The stored study. @throws DataError when the file is absent or damaged. */
export function storedImproveStudy(path: string): StoredImproveStudy {
  if (existsSync(path)) return readJson(path) as StoredImproveStudy;
  throw new DataError(`study improve: ${path} must exist, and does not; make it with npx blockwise study improve`, {
    path,
  });
}
