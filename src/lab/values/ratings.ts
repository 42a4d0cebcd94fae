import {
  ConfigError,
  checkOptions,
  formatCount,
  formatWhole,
  type OptionRules,
  rule,
  type StepContext,
  shown,
} from "../../core";
import { knownLatency, type LatencyTable } from "../../cost";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { fitAccuracyPredictor, type PredictorOptions, type RatedRow } from "../../rate";
import {
  type Budget,
  type CostName,
  costNames,
  type IlpOptions,
  isBudget,
  type Limits,
  productTable,
  type RatingTable,
  searchDiverse,
  searchRatings,
  weightedTable,
  withLatency,
} from "../../search";
import { opName } from "../../space";
import { bestExpected, calibrateSpace } from "../../surrogate";
import { ratingMap } from "../../viz";
import type { DataFrame } from "../display/danfo-types";
import { dataFrame } from "../display/data-frame";
import { FigureView } from "../display/figure-view";
import { measureWords, ownMeasure } from "../display/measure-words";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { notebookContext } from "../session/notebook-context";
import { type SearchSession, teacherCosts } from "../session/search-session";
import { improve, type LabImproveOptions } from "../words/improve-ratings";
import { type LabBudget, type LabLimits, parseLimits, splitTable, type WithTable } from "../words/limits";
import { type OwnScores, type OwnScoresOptions, scoreTable } from "../words/own-scores";
import { type TrainedNetworks, trainedNetworks } from "../words/trained-networks";
import { LabAlternatives } from "./alternatives";
import { LabCalibration } from "./calibration";
import { type AtEqualMacsOptions, LabFound } from "./found";
import { type LabLatency, latencyTableFrom } from "./latency";
import { blockScores, LabPredictor } from "./predictor";

/** How alternatives must differ. */
export interface DiverseOptions extends Omit<IlpOptions, "k"> {
  /** Share of the blocks in which any two must differ, 0..1; half of them unless given, at least one block. */
  readonly difference?: number;
}

export interface CalibrateOptions {
  /** Whether the ratings are read; false is the control: what the trained networks say alone. True unless given. */
  readonly ratings?: boolean;
}

const DIVERSE_RULES: OptionRules<DiverseOptions & { readonly k: number }> = {
  k: rule.wholeFrom(1),
  difference: rule.within(0, 1),
  timeLimit: rule.above(0),
  patience: rule.from(0),
};
const PREDICTOR_RULES: OptionRules<PredictorOptions> = {
  penalties: rule.list(rule.from(0)),
  secondOrder: rule.boolean,
};

const CALIBRATE_RULES: OptionRules<CalibrateOptions> = { ratings: rule.boolean };

const BEST_SHOWN = 3;
/** Share of the blocks in which alternatives differ. */
const DIFFERENCE = 0.5;

/** The ratings of every candidate of every block: what search needs, as plain data. */
export class LabRatings implements Displayable {
  /** Random networks of the space to compare found ones with. */
  readonly random = {
    atEqualMacs: (found: LabFound, count: number, options: AtEqualMacsOptions = {}): LabFound[] =>
      found.random.atEqualMacs(count, options),
  };

  constructor(readonly session: SearchSession) {}

  /** `blocks[i]`: the rated candidates of block i, plain JSON. Errors that were not measured (own scores) are NaN. */
  get table(): SearchSession["table"] {
    return this.session.table;
  }

  /**
   * The network of least summed rating that meets all limits, exactly; of calibrated ratings that of greatest expected
   * accuracy, for which what was measured of a trained network counts beside its sum. Where a limit is an interval, HiGHS searches and the
   * network is to be awaited; `await` suits both. `{ latencyMs: 8, table: "chromium-wasm" }` takes latencies from a table, as
   * `withLatency(table)` does.
   * @throws BudgetInfeasibleError naming the least attainable, ConfigError for a limit that is no count.
   */
  search(budget?: LabBudget & WithTable): LabFound;
  search(limits: LabLimits & WithTable): Promise<LabFound>;
  search(all: LabLimits & WithTable = {}, ...more: readonly unknown[]): LabFound | Promise<LabFound> {
    const [given, table] = splitTable<LabLimits>(all);
    if (table !== undefined && more.length === 0) return this.withLatency(table).search(given);
    if (more.some((value) => value !== undefined)) {
      throw new ConfigError(
        `ratings.search: must get limits alone, e.g. ratings.search({ macs: "4M" }), got ${shown(more[0])} beside them; for several networks await ratings.diverse(k, limits)`,
      );
    }
    const limits = parseLimits("ratings.search", given, costNames(this.table), teacherCosts(this.session));
    if (!isBudget(limits)) return this.within(limits, {}).then(({ best }) => best);
    const { calibration } = this.session;
    const choose = calibration && ((table: RatingTable, budget: Budget) => bestExpected(calibration, table, budget));
    const { best, front, traversalScore } = searchRatings(this.table, limits, { choose });
    return new LabFound(this.session, best, { limits, front, traversalScore });
  }

  /**
   * The k best networks within several limits at once that differ from each other, exactly (HiGHS); fewer when there are
   * not more.
   * @throws BudgetInfeasibleError when no network meets all limits, ConfigError for a limit that is no count.
   */
  async diverse(k: number, all: LabLimits & WithTable = {}, options: DiverseOptions = {}): Promise<LabAlternatives> {
    const [given, table] = splitTable<LabLimits>(all);
    if (table !== undefined) return this.withLatency(table).diverse(k, given, options);
    checkOptions("ratings.diverse", { ...options, k }, DIVERSE_RULES);
    const limits = parseLimits("ratings.diverse", given, costNames(this.table), teacherCosts(this.session));
    return this.within(limits, { difference: DIFFERENCE, ...options, k });
  }

  /**
   * The same ratings with what each block counts in a network's sum: the paper's lambda.
   * @throws SpaceError unless there is one positive weight a block.
   */
  weighted(weights: readonly number[]): LabRatings {
    const { weights: before, table } = this.session;
    return this.variant({
      calibration: undefined,
      table: weightedTable(table, weights),
      weights: weights.map((weight, block) => weight * (before?.[block] ?? 1)),
    });
  }

  /**
   * The same ratings joined by their product instead of their sum: their logarithms.
   * @throws SpaceError when a rating is not above 0, ConfigError after `weighted()`: inside a logarithm weights do nothing.
   */
  byProduct(): LabRatings {
    if (this.session.weights) {
      throw new ConfigError(
        "ratings.byProduct: must come before the weights; call ratings.byProduct().weighted([...])",
      );
    }
    return this.variant({ calibration: undefined, table: productTable(this.session.table) });
  }

  /**
   * The same candidates with scores from elsewhere, a table or a predictor, to search by as by ratings: **lower is better**.
   * @param scores A function of the candidate (`ops`, `width`, `cost`, its rating so far, ...), or numbers by its id.
   * @throws ConfigError when a candidate has no finite score, or after `weighted()`: weights are given to the new scores.
   */
  withScores(scores: OwnScores, options: OwnScoresOptions = {}): LabRatings {
    if (this.session.weights) {
      throw new ConfigError(
        "ratings.withScores: must come before the weights; call ratings.withScores(...).weighted([...])",
      );
    }
    const { space, table } = this.session;
    return this.variant({
      calibration: undefined,
      ...scoreTable("ratings.withScores", space, table, scores, options),
    });
  }

  /**
   * The same ratings with measured latencies beside the other costs, so that `latencyMs` can be limited, also to a share of
   * the teacher's, "45%", where the table has the teacher's layers (`lab.latency(ratings)` measures them, too).
   * @param latencies What `lab.latency` gave, the file of `blockwise latency --out` (JSON or CSV), or the name of a table in the folder
   *   `latency`, e.g. "chromium-wasm".
   * @throws ConfigError when a layer of the space was not measured.
   */
  withLatency(latencies: LabLatency | LatencyTable | string): LabRatings {
    const { table, space, teacher, calibration } = this.session;
    const measured = latencyTableFrom(latencies);
    return this.variant({
      table: withLatency(table, space, measured),
      teacherLatencyMs: knownLatency(measured, teacher.architecture),
      // The same scores with another cost beside them.
      ...(calibration && { calibration: calibration.withTable(withLatency(calibration.table, space, measured)) }),
    });
  }

  /**
   * Predicts accuracies from the blocks' ratings, by ridge fitted to trained networks: about 30, four at least.
   * @param trained A front (`lab.pareto`), retrained networks (their validation accuracies count), or networks with
   *   accuracies 0..1 from elsewhere.
   * @throws ConfigError when there are too few, or one is not of the rated space.
   */
  predictor(trained: TrainedNetworks, options: PredictorOptions = {}): LabPredictor {
    checkOptions("ratings.predictor", options, PREDICTOR_RULES);
    const networks = trainedNetworks("ratings.predictor", trained);
    const scored = networks.map(({ network, accuracy }) => ({ scores: blockScores(this.table, network), accuracy }));
    return new LabPredictor(fitAccuracyPredictor(scored, options), networks, this.table);
  }

  /**
   * These ratings made true by some trained networks (four at least, ten to thirty say most): a Gaussian process that adds
   * over blocks, so that `search` and `diverse` stay exact. `calibration` of what is returned says how sure it is.
   * @param trained As of `predictor`. A network may come several times, each training an observation.
   * @throws ConfigError when there are too few, or all accuracies are equal; SpaceError when one is not of the rated space.
   */
  calibrate(trained: TrainedNetworks, options: CalibrateOptions = {}): LabRatings {
    checkOptions("ratings.calibrate", options, CALIBRATE_RULES);
    const networks = trainedNetworks("ratings.calibrate", trained);
    const { space, calibration: before } = this.session;
    // A calibration begins from the ratings, never from another one: their networks would count twice.
    const calibration = calibrateSpace(
      space,
      before?.table ?? this.table,
      networks.map(({ network, accuracy }) => ({ choice: network.choice, accuracy, macs: network.cost?.macs })),
      options,
    );
    return this.variant({
      table: calibration.calibrated(this.table),
      calibration,
      weights: undefined,
      score: `what ${networks.length} trained networks say${options.ratings === false ? " without ratings" : ""}`,
    });
  }

  /**
   * Block-wise Bayesian search: trains a few networks briefly, near the budgets, calibrates the ratings by their validation
   * accuracies, trains others that are then likely or uncertain, and so on. What an interrupted call trained, the same call
   * takes over.
   * @returns The ratings calibrated by all of them, see `calibrate`.
   * @throws ConfigError when an option is not known, BudgetInfeasibleError, InterruptedError when stopped.
   */
  async improve(options: LabImproveOptions, context: StepContext = notebookContext()): Promise<LabRatings> {
    const trained = await improve(this.session, options, context);
    return this.calibrate(trained, { ratings: options.ratings ?? true });
  }

  /** How sure calibrated ratings are. @throws ConfigError for ratings that are not calibrated. */
  get calibration(): LabCalibration {
    const { calibration } = this.session;
    if (calibration) return new LabCalibration(calibration);
    throw new ConfigError(
      "ratings.calibration: the ratings must be calibrated first; call ratings.calibrate([{ network, accuracy }, ...])",
    );
  }

  /** All candidates, one a row, as a danfojs-node DataFrame. `macs` and `params` are those behind the narrowest block before. */
  frame(): Promise<DataFrame> {
    return dataFrame({
      columns: ["block", "cell", "path", "score", "mse", "width", "macs", "params"],
      rows: this.table.blocks.flat().map((row) => this.rowOf(row)),
    });
  }

  /** The best candidates of each block. */
  best(count = BEST_SHOWN): Table {
    const rows = this.table.blocks.flatMap((block) =>
      [...block]
        .sort((a, b) => a.score - b.score)
        .slice(0, count)
        .map((row) => this.rowOf(row)),
    );
    const { weights } = this.session;
    const total = this.table.blocks.reduce((sum, { length }) => sum + length, 0);
    return new Table({
      title: `${formatWhole(total)} candidates rated; the ${count} best of each block`,
      columns: ["block", "cell", "operations", "rating", "mean squared error", "channels", "MACs", "parameters"],
      rows: rows.map((row) => [...row.slice(0, 6), formatCount(Number(row[6])), formatCount(Number(row[7]))]),
      note: [
        `Rating: ${measureWords(this.session.score)}; lower is better.`,
        // Own scores stand without any feature maps.
        ...(rows.some(([, , , , mse]) => mse !== null) ? ["Mean squared error: of the same feature maps."] : []),
        ...(this.session.calibration ? [this.calibration.words] : []),
        ...(weights ? [`Blocks count ${weights.map((weight) => formatCount(weight)).join(", ")}.`] : []),
        "ratings.frame() has all of them.",
      ].join(" "),
    });
  }

  /** Which op helps in which layer. */
  map(): FigureView {
    const { space, table } = this.session;
    return new FigureView(
      ratingMap(
        table.blocks.map((candidates, block) => ({ block, ops: space.blocks[block].ops.map(opName), candidates })),
        ownMeasure(this.session.score),
      ),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    if (!this.session.calibration) return showTogether(this.best(), this.map());
    // The map, as large again, is `map()` on demand: notebooks hold every figure as a picture, too.
    return showTogether(this.calibration.table(), this.best(), this.calibration.figure());
  }

  private async within(limits: Limits, options: IlpOptions): Promise<LabAlternatives> {
    const { networks, front } = await searchDiverse(this.table, limits, options);
    return new LabAlternatives(networks.map((network) => new LabFound(this.session, network, { limits, front })));
  }

  private variant(changes: Partial<SearchSession>): LabRatings {
    return new LabRatings({ ...this.session, ...changes });
  }

  private rowOf({ block, cell, path, score, mse, width, cost }: RatedRow) {
    const ops = path.map((op) => opName(this.session.space.blocks[block].ops[op])).join(" ");
    const least = (name: CostName) => Math.min(...Object.values(cost[name] ?? {}));
    return [block + 1, cell + 1, ops, score, Number.isNaN(mse) ? null : mse, width, least("macs"), least("params")];
  }
}
