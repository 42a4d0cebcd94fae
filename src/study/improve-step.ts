import { existsSync, rmSync } from "node:fs";
import { fingerprint } from "../core";
import { networkCost } from "../cost";
import { type Dataset, identifyData } from "../data";
import { type BriefReads, type EvidenceConfig, gatherEvidence, type KeptAccuracies } from "../evaluate";
import type { RatedSpace } from "../rate";
import type { RatedBy } from "../retrain";
import { type Limits, upperLimits } from "../search";
import type { SearchSpace } from "../space";
import { networkId } from "../space";
import { type Calibration, calibrationDoubt } from "../surrogate";
import { calibratedTable, ratedBy, readEvidence, writeEvidence } from "./evidence-file";
import type { RunContext } from "./run-context";
import type { RunDirectory } from "./run-directory";

/** A run whose ratings brief trainings may make true. */
export interface EvidenceRun {
  readonly config: {
    readonly seed: number;
    readonly rate: { readonly score: string };
    readonly improve?: EvidenceConfig;
  };
  readonly run: RunDirectory;
  readonly data: Dataset;
  readonly space: SearchSpace;
}

/** What is searched, and by what it was rated. */
export interface SearchedTable {
  readonly table: RatedSpace;
  /** What brief trainings say, of which the table is; undefined where there are none. */
  readonly calibration?: Calibration;
  readonly rated: RatedBy;
}

/**
 * Makes a run's ratings true by brief trainings, where its configuration asks for it (`improve`): proposes networks near the
 * budgets, trains them side by side and calibrates, see `gatherEvidence`. Each training is recorded as soon as it is
 * complete. Leaves `ratings/evidence.json`.
 * @param table The ratings, joined as the run joins them.
 */
export async function improvedTable(
  { config, run, data, space }: EvidenceRun,
  table: RatedSpace,
  budgets: readonly Limits[],
  context: RunContext,
): Promise<SearchedTable> {
  const { improve, seed, rate } = config;
  if (!improve) return { table, rated: ratedBy(rate.score) };
  const { networks, rounds, images, minutes, ratings, ...training } = improve;
  await run.step("improve", async () => {
    const kept = new RecordedAccuracies(run, identifyData(data).training);
    const gathered = await gatherEvidence(
      { space, table, data, kept },
      { networks, rounds, images, minutes, ratings, seed, training, budgets: budgets.map(upperLimits) },
      context,
    );
    if (gathered.trained.length < networks) {
      const why =
        minutes === undefined
          ? "there are no more within reach of the budgets"
          : "the time was up, or there are no more";
      context.onNote?.(`${gathered.trained.length} of ${networks} networks were trained briefly: ${why}`);
    }
    const trained = gathered.trained.map(({ network, accuracy, round }) => ({
      id: networkId(network.choice),
      choice: network.choice.map(({ block, cell, path }) => ({ block, cell, path: [...path] })),
      macs: network.cost.macs ?? 0,
      accuracy,
      round,
    }));
    const seen = Math.min(images ?? data.train.count, data.train.count);
    writeEvidence(run.path, {
      space: space.name,
      networks: trained,
      rounds: gathered.rounds,
      epochs: improve.epochs,
      images: seen,
      ratings,
    });
    return { networks: trained.length, rounds: gathered.rounds, best: Math.max(...trained.map((one) => one.accuracy)) };
  });
  const evidence = readEvidence(run.path);
  const { table: calibrated, calibration } = calibratedTable(space, table, evidence);
  const doubt = calibration && calibrationDoubt(calibration);
  if (doubt) context.onNote?.(doubt);
  return { table: calibrated, calibration, rated: ratedBy(rate.score, evidence, calibration) };
}

/** Brief trainings in a run's journal, each named by all that decides it: another configuration finds its own again. */
class RecordedAccuracies implements KeptAccuracies {
  private readonly known = new Map<string, number>();

  constructor(
    private readonly run: RunDirectory,
    /** Names the images. */
    private readonly data: string,
  ) {}

  of(reads: BriefReads): number | undefined {
    const all = this.all(reads);
    const key = fingerprint(all);
    return this.known.get(key) ?? this.run.resultOf<{ accuracy: number }>(stepOf(key), all)?.accuracy;
  }

  async keep(reads: BriefReads, accuracy: number): Promise<void> {
    const all = this.all(reads);
    const key = fingerprint(all);
    this.known.set(key, accuracy);
    const { macs } = networkCost({ ...reads.architecture, name: key });
    await this.run.step(stepOf(key), () => ({ accuracy, macs }), { reads: all });
    // Nobody asks for its weights any more.
    const state = this.checkpoint(reads);
    if (existsSync(state)) rmSync(state, { force: true });
  }

  checkpoint(reads: BriefReads): string {
    return this.run.file("checkpoints", `brief-${fingerprint(this.all(reads))}.safetensors`);
  }

  private all(reads: BriefReads) {
    return { ...reads, data: this.data };
  }
}

function stepOf(key: string): string {
  return `improve/${key}`;
}
