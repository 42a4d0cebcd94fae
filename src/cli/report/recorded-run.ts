import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readJson, StudyError } from "../../core";
import type { DistillEpoch } from "../../distill";
import type { CandidateRating } from "../../rate";
import type { SearchSpace } from "../../space";
import type { Environment } from "../../study";
// Not the room's index: that loads an engine.
import { replay } from "../../study/journal";
import { doneSteps } from "../../study/step-records";
import type { ExperimentConfig, MeasuredFront } from "../../systems/dna";
import type { TeacherBlock, TrainingHistory } from "../../teacher";

/** What a run directory says, as far as the run came: what is not there yet is undefined. */
export interface RecordedRun {
  readonly path: string;
  readonly config: ExperimentConfig;
  readonly environment?: Environment;
  readonly teacher?: { architecture: string; macs: number; params: number; history: TrainingHistory };
  readonly space?: { blocks: readonly TeacherBlock[]; space: SearchSpace };
  /** `[block][cell][epoch]`, of the blocks that are complete. */
  readonly distilled: readonly { block: number; history: readonly (readonly DistillEpoch[])[] }[];
  readonly rated: readonly { block: number; images: number; candidates: readonly CandidateRating[] }[];
  readonly search?: { budget: { macs?: number }; best: { score: number; macs: number; params: number } };
  readonly retrained: readonly { label: string; history: TrainingHistory }[];
  readonly front?: MeasuredFront;
}

/**
 * Reads a run directory without touching it; the run may still be at work.
 * @throws StudyError when the directory is none of a run, CheckpointError when a file of it is damaged.
 */
export function readRun(path: string, where = "report"): RecordedRun {
  const config = join(path, "config.json");
  const journal = join(path, "journal.jsonl");
  if (!existsSync(config) || !existsSync(journal)) {
    throw new StudyError(
      `${where}: ${path} must be the directory of a run, and has no ${existsSync(config) ? "journal.jsonl" : "config.json"}; make one with blockwise run experiments/quickstart.json`,
      { path },
    );
  }
  const results = doneSteps(replay(readFileSync(journal), journal).records);
  const result = <T>(step: string) => results.get(step)?.result as T | undefined;
  const numbered = (prefix: string) =>
    [...results.keys()].filter((step) => step.startsWith(prefix)).map((step) => step.slice(prefix.length));
  const blocks = (prefix: string) =>
    numbered(prefix)
      .map(Number)
      .sort((a, b) => a - b);
  const environment = join(path, "environment.json");
  return {
    path,
    config: readJson(config) as ExperimentConfig,
    environment: existsSync(environment) ? (readJson(environment) as Environment) : undefined,
    teacher: result("teacher"),
    space: result("space"),
    distilled: blocks("distill/block").map((block) => ({
      block,
      ...result<{ history: DistillEpoch[][] }>(`distill/block${block}`)!,
    })),
    rated: blocks("rate/block").map(
      (block) => readJson(join(path, "ratings", `block${block}.json`)) as RecordedRun["rated"][number],
    ),
    search: result("search"),
    retrained: numbered("retrain/").map((label) => ({
      label,
      ...result<{ history: TrainingHistory }>(`retrain/${label}`)!,
    })),
    front: result("front"),
  };
}
