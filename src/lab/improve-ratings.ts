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
  Progress,
  readJsonAs,
  rule,
  type StepContext,
  writeJson,
} from "../core";
import { datasetFingerprint, takeImages } from "../data";
import { retrainAll } from "../retrain";
import { costNames, exactFront, type FoundNetwork, isBudget } from "../search";
import { FEWEST, type ImproveRound, improveRatings } from "../surrogate";
import { drawImages } from "../systems/dna";
import { type EvidencePoint, evidenceFront } from "../viz";
import { DISPLAY, notebookHost } from "./display-protocol";
import { engineReady } from "./engine-ready";
import { FigureView } from "./figure-view";
import type { LabData } from "./lab-data";
import { LabFound } from "./lab-found";
import { type LabBudget, limitWords, parseLimits } from "./limits";
import { percent } from "./numbers";
import { RECIPE_RULES, type RetrainRecipe } from "./retrain-recipe";
import type { SearchSession } from "./search-session";
import { Table } from "./table";

/** How many networks are trained, how briefly, and what for; what else there is belongs to the trainings. */
export interface LabImproveOptions extends Omit<RetrainRecipe, "warmStart" | "distillation" | "checkpoint"> {
  /** Networks to train in all: four at least; 16 unless given. */
  readonly networks?: number;
  /** Rounds: each later one trains what those before make likely or leave uncertain. 4 unless given. */
  readonly rounds?: number;
  /** The budget, or several, that the networks are to be good at: `{ macs: "27%" }`. */
  readonly budget: LabBudget | readonly LabBudget[];
  /** Training images of these trainings, drawn by the seed; all unless given. */
  readonly images?: number;
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
  minutes: rule.above(0),
  ratings: rule.boolean,
  directory: rule.text,
};
/** Passes over the images of a brief training. */
const BRIEF = 1;

/** Accuracies of brief trainings that were complete in this process: an interrupted loop goes on with them. */
const kept = new WeakMap<LabData, Map<string, number>>();

/** A network that was trained briefly, with its validation accuracy. */
export interface BrieflyTrained {
  readonly network: FoundNetwork;
  readonly accuracy: number;
}

/**
 * The loop behind `ratings.improve`: proposes, trains side by side, calibrates, and shows each round.
 * @throws ConfigError when an option is not known or no budget is given; InterruptedError when stopped: what is trained stays.
 */
export async function improve(
  session: SearchSession,
  options: LabImproveOptions,
  context: StepContext,
): Promise<BrieflyTrained[]> {
  const where = "ratings.improve";
  checkOptions(where, options, RULES);
  engineReady();
  const { networks: total = 16, rounds = 4, budget, images, minutes, ratings = true, directory, ...recipe } = options;
  const { data } = session;
  const table = session.calibration?.table ?? session.table;
  const budgets = (Array.isArray(budget) ? budget : [budget]).map((one: LabBudget | undefined) => {
    const limits = parseLimits(where, one ?? {}, costNames(table), session.teacher.cost);
    if (Object.keys(limits).length > 0 && isBudget(limits)) return limits;
    throw new ConfigError(
      `${where}: budget must be what the network may cost, one or several, e.g. { macs: "27%" }, got ${JSON.stringify(one)}`,
    );
  });
  const { epochs = BRIEF, seed = data.seed, ...rest } = recipe;
  const training = { validateEvery: epochs, ...rest, epochs, seed };
  const indices = drawImages(data.dataset.train, images, seed, "improve");
  const { height, width, channels } = data.dataset.shape;
  const dataset = indices
    ? { ...data.dataset, train: takeImages(data.dataset.train, indices, height * width * channels) }
    : data.dataset;
  const accuracies = new KeptAccuracies(data, { images: indices && [...indices], training }, directory);
  const progress = new Progress(context, `improve: ${total} brief trainings`, total, "networks");
  const view = new RoundsView(
    `${epochs === 1 ? "1 epoch" : `${epochs} epochs`} of ${formatCount(dataset.train.count)} images`,
    budgets.map((limits) => limitWords(limits).join(", ")),
  );
  const trained: BrieflyTrained[] = [];
  const train = async (networks: readonly FoundNetwork[]) => {
    const designs = networks.map((network) => new LabFound(session, network, { limits: {}, front: [] }, "random"));
    const missing = designs.filter((design) => accuracies.of(design.architecture) === undefined);
    for (let known = missing.length; known < designs.length; known++) progress.advance();
    const onTrained = (index: number, retrained: { accuracy: number; dispose(): void }) => {
      accuracies.keep(missing[index].architecture, retrained.accuracy);
      retrained.dispose();
      progress.advance(1, { accuracy: retrained.accuracy });
    };
    const jobs = missing.map(({ architecture }) => ({
      architecture,
      options: { ...training, task: "brief training" },
    }));
    // The bar of all trainings tells the progress; one each would bury it.
    await retrainAll(jobs, dataset, { onTrained }, { ...context, onProgress: undefined });
    const found = designs.map(({ architecture }) => accuracies.of(architecture)!);
    networks.forEach((network, i) => {
      trained.push({ network, accuracy: found[i] });
    });
    return found;
  };
  await improveRatings(
    table,
    {
      networks: total,
      rounds,
      budgets,
      seed,
      ...(minutes !== undefined && { timeLimitMs: 60_000 * minutes }),
      calibration: { ratings },
    },
    train,
    (round) => view.show(round, trained),
  );
  return trained;
}

const keptSchema = z.record(z.string(), z.number().min(0).max(1));

/** Accuracies by all that decides them, in memory and, if asked, in a file. */
class KeptAccuracies {
  private readonly values: Map<string, number>;
  private readonly path: string | undefined;

  constructor(
    data: LabData,
    private readonly reads: object,
    directory: string | undefined,
  ) {
    this.values = kept.get(data) ?? new Map();
    kept.set(data, this.values);
    if (directory === undefined) return;
    const name = fingerprint({ ...reads, data: datasetFingerprint(data.dataset) });
    this.path = join(directory, `trainings-${name}.json`);
    if (!existsSync(this.path)) return;
    const { accuracies } = readJsonAs(this.path, z.object({ accuracies: keptSchema }), {
      what: "accuracies of brief trainings",
      mend: "delete the file: its networks are trained anew",
    });
    for (const [key, accuracy] of Object.entries(accuracies)) this.values.set(key, accuracy);
  }

  of(architecture: object): number | undefined {
    return this.values.get(this.keyOf(architecture));
  }

  keep(architecture: object, accuracy: number): void {
    this.values.set(this.keyOf(architecture), accuracy);
    if (this.path) writeJson(this.path, { accuracies: Object.fromEntries(this.values) });
  }

  private keyOf({ name: _, ...architecture }: { readonly name?: string }): string {
    return fingerprint({ ...this.reads, architecture });
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
