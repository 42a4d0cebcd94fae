import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  ConfigError,
  checkOptions,
  fingerprint,
  formatCount,
  type OptionRules,
  percent,
  readJsonAs,
  rule,
  type StepContext,
  writeJson,
} from "../../core";
import { datasetFingerprint } from "../../data";
import { DISPLAY, notebookHost } from "../../display-protocol";
import {
  type BrieflyTrained,
  type BriefReads,
  budgetName,
  type EvidenceOptions,
  gatherEvidence,
  type KeptAccuracies,
  namedBudget,
  reducedBudget,
} from "../../evaluate";
import { costNames, exactFront, isBudget } from "../../search";
import { FEWEST, type ImproveRound } from "../../surrogate";
import { DNA_MINI } from "../../systems/dna";
import { type EvidencePoint, evidenceFront } from "../../viz";
import { FigureView } from "../display/figure-view";
import { Table } from "../display/table";
import { engineReady } from "../session/engine-ready";
import { type SearchSession, teacherCosts } from "../session/search-session";
import type { LabData } from "../values/data";
import { type LabBudget, limitWords, parseLimits } from "./limits";
import { RECIPE_RULES, type RetrainRecipe } from "./retrain-recipe";

/** How many networks are trained, how briefly, and what for; what else there is belongs to the trainings. */
export interface LabImproveOptions extends Omit<RetrainRecipe, "warmStart" | "distillation" | "checkpoint"> {
  /** Networks to train in all: four at least; 48 unless given. */
  readonly networks?: number;
  /** Rounds: each later one trains what those before make likely or leave uncertain. 4 unless given. */
  readonly rounds?: number;
  /** The budget, or several, that the networks are to be good at: `{ macs: "27%" }`. */
  readonly budget: LabBudget | readonly LabBudget[];
  /** Training images of these trainings, drawn by the seed; all unless given. */
  readonly images?: number;
  /**
   * A cheaper setting of each training (EcoNAS): `{ channels: 0.5, resolution: 0.5, samples: 0.5, epochs: 2 }`, shares but for
   * the epochs, or by name, "c2r2s1e2". In place of `images` and `epochs`.
   */
  readonly proxy?: EvidenceOptions["proxy"];
  /** No round begins after so many minutes. */
  readonly minutes?: number;
  /** Whether the ratings are read; without, what the trainings say alone: the control. True unless given. */
  readonly ratings?: boolean;
  /** Folder to keep the accuracies in, so that another session goes on with them; memory alone when left out. */
  readonly directory?: string;
}

const { warmStart: _warm, distillation: _soft, checkpoint: _file, ...recipeRules } = RECIPE_RULES;
const RULES: OptionRules<LabImproveOptions> = {
  ...recipeRules,
  networks: rule.wholeFrom(FEWEST),
  rounds: rule.wholeFrom(1),
  budget: rule.any,
  images: rule.wholeFrom(1),
  // Checked where it is used.
  proxy: {
    must: 'shares of a training, or a name such as "c2r2s1e2"',
    holds: (value) => typeof value === "string" || (typeof value === "object" && value !== null),
  },
  minutes: rule.above(0),
  ratings: rule.boolean,
  directory: rule.text,
};
/** Accuracies of brief trainings that were complete in this process: an interrupted loop goes on with them. */
const kept = new WeakMap<LabData, Map<string, number>>();

/**
 * The loop behind `ratings.improve`: proposes, trains side by side, calibrates, and shows each round.
 * @throws ConfigError when an option is not known or no budget is given; InterruptedError when stopped: what is trained stays.
 */
export async function improve(
  session: SearchSession,
  options: LabImproveOptions,
  context: StepContext,
): Promise<readonly BrieflyTrained[]> {
  const where = "ratings.improve";
  checkOptions(where, options, RULES);
  engineReady();
  const { networks, rounds, budget, images, proxy, minutes, ratings, directory, seed: given, ...training } = options;
  const { data, space } = session;
  const table = session.calibration?.table ?? session.table;
  const budgets = (Array.isArray(budget) ? budget : [budget]).map((one: LabBudget | undefined) => {
    const limits = parseLimits(where, one ?? {}, costNames(table), teacherCosts(session));
    if (Object.keys(limits).length > 0 && isBudget(limits)) return limits;
    throw new ConfigError(
      `${where}: budget must be what the network may cost, one or several, e.g. { macs: "27%" }, got ${JSON.stringify(one)}`,
    );
  });
  const { epochs = DNA_MINI.evidence.epochs } = training;
  const seen = Math.min(images ?? data.train.count, data.train.count);
  const view = new RoundsView(
    proxy === undefined
      ? `${epochs === 1 ? "1 epoch" : `${epochs} epochs`} of ${formatCount(seen)} images`
      : `proxy ${budgetName(typeof proxy === "string" ? namedBudget(proxy) : reducedBudget(proxy, epochs, `${where}: proxy`))}`,
    budgets.map((limits) => limitWords(limits, table.latencyOf).join(", ")),
  );
  const { trained } = await gatherEvidence(
    {
      space,
      table,
      data: data.dataset,
      kept: new LabAccuracies(data, directory),
      onRound: (round, all) => view.show(round, all),
    },
    { networks, rounds, budgets, images, proxy, minutes, ratings, seed: given ?? data.seed, training },
    context,
  );
  return trained;
}

const keptSchema = z.record(z.string(), z.number().min(0).max(1));

/** Accuracies by all that decides them, in memory and, if asked, in a file. */
class LabAccuracies implements KeptAccuracies {
  private readonly values: Map<string, number>;
  private path: string | undefined;

  constructor(
    private readonly data: LabData,
    private readonly directory: string | undefined,
  ) {
    this.values = kept.get(data) ?? new Map();
    kept.set(data, this.values);
  }

  of(reads: BriefReads): number | undefined {
    this.open(reads);
    return this.values.get(fingerprint(reads));
  }

  keep(reads: BriefReads, accuracy: number): void {
    this.values.set(fingerprint(reads), accuracy);
    if (this.path) writeJson(this.path, { accuracies: Object.fromEntries(this.values) });
  }

  /** One file for trainings of one kind on the same images. */
  private open({ architecture: _, ...alike }: BriefReads): void {
    if (this.directory === undefined || this.path !== undefined) return;
    const name = fingerprint({ ...alike, data: datasetFingerprint(this.data.dataset) });
    this.path = join(this.directory, `trainings-${name}.json`);
    if (!existsSync(this.path)) return;
    const { accuracies } = readJsonAs(this.path, z.object({ accuracies: keptSchema }), {
      what: "accuracies of brief trainings",
      mend: "delete the file: its networks are trained anew",
    });
    for (const [key, accuracy] of Object.entries(accuracies)) this.values.set(key, accuracy);
  }
}

/** The front as it moves from round to round, one output below the cell. */
class RoundsView {
  private readonly id = randomUUID();
  private readonly rows: (string | number)[][] = [];
  private readonly points: EvidencePoint[] = [];

  constructor(
    private readonly training: string,
    private readonly budgets: readonly string[],
  ) {}

  async show({ round, rounds, networks, calibration }: ImproveRound, trained: readonly BrieflyTrained[]) {
    const host = notebookHost();
    if (!host) return;
    const own = trained.slice(trained.length - networks.length);
    own.forEach(({ network, accuracy }, i) => {
      const label = `network ${this.points.length + i + 1}`;
      this.points.push({ label, macs: network.cost.macs ?? 0, accuracy, round });
    });
    const table = calibration.calibrated(calibration.table);
    const front = exactFront(table, { axis: "macs" }).map((network) => ({
      macs: network.cost.macs ?? 0,
      ...calibration.predict(network),
    }));
    const most = Math.max(...this.points.map(({ macs }) => macs));
    const best = Math.max(...own.map(({ accuracy }) => accuracy));
    this.rows.push([round, trained.length, percent(best), percent(calibration.noise).replace("%", "points")]);
    const figure = new FigureView(
      evidenceFront({
        evidence: this.points,
        front: front.filter(({ macs }) => macs <= 1.1 * most),
        title: `What ${trained.length} brief trainings let expect (round ${round} of ${rounds})`,
        training: this.training,
      }),
    );
    const rowsTable = new Table({
      title: `Brief trainings, ${this.training}, for ${this.budgets.join(" and ")}`,
      columns: ["round", "networks so far", "best of the round", "noise of one training"],
      rows: this.rows,
    });
    const [rowsBundle, figureBundle] = [await rowsTable[DISPLAY](), await figure[DISPLAY]()];
    const bundle = {
      ...figureBundle,
      "text/html": `${rowsBundle["text/html"]}\n${figureBundle["text/html"]}`,
      "text/plain": `${rowsBundle["text/plain"]}\n\n${figureBundle["text/plain"]}`,
    };
    if (round === 1) host.display(bundle, this.id);
    else host.update(this.id, bundle);
  }
}
