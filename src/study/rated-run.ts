import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, readJson, StudyError } from "../core";
import { RATE_DEFAULTS } from "../rate/rate-options";
import { type RatedSpace, ratedTable } from "../rate/rating-table";
// Not the rooms' indices: they load an engine, which a search does without.
import { ratingsFile, readRatings } from "../rate/ratings-file";
import { type FoundNetwork, foundNetwork, productTable, weightedTable } from "../search";
import { networkId, type SearchSpace } from "../space";
import { EVIDENCE_FILE, type RunEvidence, readEvidence } from "./evidence-file";
import { type JournalRecord, replay } from "./journal";
import { checkBlockWise } from "./run-system";
import { damageOf, doneSteps } from "./step-records";

/** How the ratings of blocks make the rating of a network. */
export interface Joining {
  /** What each block counts; all 1 when left out. */
  readonly weights?: readonly number[];
  readonly join?: "sum" | "product";
}

/** What a run's ratings, and nothing but them, say. */
export interface RatedRun {
  readonly space: SearchSpace;
  /** Each block's ratings as they were measured, not weighted. */
  readonly rated: RatedSpace;
  /** How the run itself joins them. */
  readonly joining: Joining;
  /** The measure of the ratings. */
  readonly score: string;
  /** Brief trainings that make the ratings true, where the run has done them. */
  readonly evidence?: RunEvidence;
  /** What limits may be relative to; the bytes of activations are unknown of runs made by older versions. */
  readonly teacher: { readonly macs?: number; readonly params?: number; readonly activationBytes?: number };
}

/** A table as the search takes it. @throws SpaceError when there is not one weight a block, or a rating has no logarithm. */
export function joinedTable(rated: RatedSpace, { weights, join }: Joining): RatedSpace {
  const joined = join === "product" ? productTable(rated) : rated;
  return weights ? weightedTable(joined, weights) : joined;
}

/**
 * Reads a run's ratings without touching it; the run may still be at work.
 * @throws ConfigError when it is no run, no block-wise one, or blocks are not rated yet, StudyError when its ratings changed, CheckpointError when a file is damaged.
 */
export function readRatedRun(path: string, where: string): RatedRun {
  const [journal, config] = [join(path, "journal.jsonl"), join(path, "config.json")];
  if (!existsSync(journal) || !existsSync(config)) {
    // With one of the two it is a damaged run.
    const Refused = existsSync(config) || existsSync(journal) ? StudyError : ConfigError;
    throw new Refused(
      `${where}: ${path} must be the directory of a run, and is ${existsSync(path) ? "none" : "not there"}; make one with blockwise run experiments/quickstart.json`,
      { path },
    );
  }
  checkBlockWise(path, where);
  const done = doneSteps(replay(readFileSync(journal), journal).records);
  const space = (done.get("space")?.result as { space: SearchSpace } | undefined)?.space;
  const unrated = space ? [...space.blocks.keys()].filter((block) => !done.has(`rate/block${block}`)) : [];
  if (!space || unrated.length > 0) {
    throw new ConfigError(
      `${where}: ${path} must have all blocks rated, and has ${space ? `block ${unrated.join(", ")} still to rate` : "none yet"}; blockwise run goes on with it`,
      { path },
    );
  }
  const { search = {}, rate, improve } = readJson(config) as WrittenConfig;
  const ratings = [...space.blocks.keys()].map((block) => {
    const broken = damageOf(path, done.get(`rate/block${block}`)!);
    if (broken) {
      throw new StudyError(
        `${where}: the ratings in ${path} must be those that its run made, and ${broken}; the same blockwise run again rates the block anew`,
        { path, block },
      );
    }
    return readRatings(ratingsFile(join(path, "ratings"), block)).candidates;
  });
  return {
    space,
    rated: ratedTable(space, ratings),
    joining: { weights: search.weights, join: search.join },
    score: rate?.score ?? RATE_DEFAULTS.score,
    ...(improve && done.has("improve") && { evidence: evidenceOf(path, done.get("improve")!, where) }),
    teacher: (done.get("teacher")?.result ?? {}) as RatedRun["teacher"],
  };
}

/** What is read of a run's configuration. */
interface WrittenConfig {
  readonly search?: Joining;
  readonly rate?: { readonly score?: string };
  readonly improve?: object;
}

function evidenceOf(path: string, record: JournalRecord, where: string): RunEvidence {
  const broken = damageOf(path, record, [EVIDENCE_FILE]);
  if (!broken) return readEvidence(path);
  throw new StudyError(
    `${where}: the brief trainings in ${path} must be those that its run made, and ${broken}; the same blockwise run again writes them anew`,
    { path },
  );
}

/**
 * The network that an id as `blockwise search` prints it stands for, e.g. "c0.1_c1.0-0".
 * @throws ConfigError when it is none of the table's.
 */
export function networkOf(table: RatedSpace, id: string): FoundNetwork {
  const parts = id.split("_");
  const choice = table.blocks.map((rows, block) => rows.find((row) => networkId([row]) === parts[block]));
  const missing = choice.indexOf(undefined);
  if (missing < 0 && parts.length === table.blocks.length) return foundNetwork(table, choice as FoundNetwork["choice"]);
  const example = table.blocks.map(([row]) => networkId([row])).join("_");
  throw new ConfigError(
    `network: the id must name a candidate of each of the ${table.blocks.length} blocks, as blockwise search prints it, e.g. ${example}, got ${JSON.stringify(id)}${missing < 0 || missing >= parts.length ? "" : ` (block ${missing} has no ${JSON.stringify(parts[missing])})`}`,
    { id },
  );
}
