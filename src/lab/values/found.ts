import {
  BudgetInfeasibleError,
  ConfigError,
  checkOptions,
  formatCount,
  isPercent,
  type OptionRule,
  type OptionRules,
  parseShare,
  percent,
  Rng,
  rule,
  type StepContext,
  shown,
} from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import type { ExportFormat, ExportOptions } from "../../export";
import { type Retrained, RIVALS, randomRivals, retrain, type Training } from "../../retrain";
import { alongFront, type FoundNetwork, type Limits, meetsLimits, randomNetworks, resolveAmount } from "../../search";
import { opName } from "../../space";
import { DNA_MINI } from "../../systems/dna";
import { ratedFrontFigure } from "../../viz";
import { factsOf, frontFacts } from "../display/architecture-words";
import { FigureView } from "../display/figure-view";
import { ownMeasure } from "../display/measure-words";
import { plural } from "../display/numbers";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { engineReady } from "../session/engine-ready";
import { notebookContext } from "../session/notebook-context";
import { type SearchSession, teacherCosts } from "../session/search-session";
import { limitWords } from "../words/limits";
import { RECIPE_RULES, type RetrainRecipe, rememberRecipe } from "../words/retrain-recipe";
import type { ConfusionOptions, LabConfusion } from "./confusion";
import { NetworkDesign } from "./network-design";
import { LabStudent } from "./student";

export interface AtEqualMacsOptions {
  /** Largest relative distance in MACs (or latency), a share or text such as "3%"; 0.05 unless given. */
  readonly tolerance?: number | string;
  /** Default: the data's seed. */
  readonly seed?: number;
}

const PERCENTAGE: OptionRule = { must: 'text such as "3%"', holds: isPercent };

/** What each option must be. */
export const EQUAL_MACS_RULES: OptionRules<AtEqualMacsOptions> = {
  tolerance: rule.either(rule.from(0), PERCENTAGE),
  seed: rule.whole,
};

/** What the search said beside the network. */
export interface SearchFacts {
  readonly limits: Limits;
  readonly front: readonly FoundNetwork[];
  /** Summed rating of what the paper's traversal finds; undefined where it would take too long. */
  readonly traversalScore?: number;
}

/** A network of the search space: found by rating, or drawn at random to compare with. */
export class LabFound extends NetworkDesign implements Displayable {
  /** Once it was retrained. */
  student: LabStudent | undefined;
  /** The whole predicted front: every network that none beats in rating and MACs, under the limits other than MACs. */
  readonly front: readonly FoundNetwork[];

  constructor(
    session: SearchSession,
    network: FoundNetwork,
    private readonly search: SearchFacts,
    kind: "found" | "random" = "found",
  ) {
    super(session, network, search.limits, kind);
    this.front = search.front;
  }

  /** Random networks of the same space and near-equal cost. */
  readonly random = {
    /**
     * Distinct ones, uniform over all such networks whatever their ratings, this one among them; not retrained yet.
     * @throws BudgetInfeasibleError when there are too few, ConfigError when an option is not known.
     */
    atEqualMacs: (count: number, options: AtEqualMacsOptions = {}): LabFound[] => {
      const { session, network } = this;
      return this.rivals("random.atEqualMacs", count, options, (of) => randomRivals(session.table, network, of));
    },
    /**
     * As `atEqualMacs`, of near-equal latency by the table that the ratings were given.
     * @throws ConfigError when they were given none.
     */
    atEqualLatency: (count: number, options: AtEqualMacsOptions = {}): LabFound[] => {
      const { session, latencyMs } = this;
      return this.rivals("random.atEqualLatency", count, options, ({ seed, ...of }) => {
        if (latencyMs === undefined) {
          throw new ConfigError(
            "random.atEqualLatency: the ratings have no latencies; search ratings.withLatency(await lab.latency(ratings)), or name a table beside the limit",
          );
        }
        const rng = new Rng(seed).fork("random networks");
        return randomNetworks(session.table, { ...of, near: latencyMs, cost: "latencyMs", rng });
      });
    },
  };

  /**
   * Networks of the predicted front within the budget; they are not retrained yet: `lab.pareto` does that.
   * @param at How many: about evenly spaced in MACs, this one the last. Or limits of MACs, also as shares of the teacher's,
   *   `["20%", "1.5M"]`: the best rated one within each.
   * @throws ConfigError for what is no count, BudgetInfeasibleError when none of the front is so small.
   */
  alongFront(at: number | readonly (number | string)[]): LabFound[] {
    const { session, network, front, limits } = this;
    const fitting = front.filter((other) => meetsLimits(other, limits));
    if (typeof at !== "number") return this.within(at, fitting);
    const count = at;
    checkOptions("found.alongFront", { count }, { count: rule.wholeFrom(1) });
    return alongFront(fitting, network, count).map((chosen) =>
      chosen === network ? this : new LabFound(session, chosen, { limits, front }),
    );
  }

  /** @param draw So many distinct networks within the tolerance, a share. */
  private rivals(
    where: string,
    count: number,
    options: AtEqualMacsOptions,
    draw: (of: { readonly seed: number; readonly count: number; readonly tolerance: number }) => FoundNetwork[],
  ): LabFound[] {
    checkOptions(where, options, EQUAL_MACS_RULES);
    checkOptions(where, { count }, { count: rule.wholeFrom(0) });
    const { session, front } = this;
    const { tolerance = RIVALS.tolerance, seed = session.data.seed } = options;
    const drawn = draw({ seed, count, tolerance: parseShare(tolerance) });
    return drawn.map((rival) => new LabFound(session, rival, { limits: {}, front }, "random"));
  }

  private within(at: readonly (number | string)[], front: readonly FoundNetwork[]): LabFound[] {
    const { session, limits } = this;
    if (!Array.isArray(at) || at.length === 0) {
      throw new ConfigError(
        `found.alongFront: it must be a count from 1, or a list of limits of MACs such as ["20%", "1.5M"], got ${shown(at)}`,
      );
    }
    return at.map((given) => {
      const macs = Math.floor(resolveAmount("found.alongFront", "macs", given, teacherCosts(session)));
      const own = front.filter((other) => (other.cost.macs ?? 0) <= macs);
      if (own.length === 0) {
        throw new BudgetInfeasibleError(
          `found.alongFront: the smallest network of the front has ${formatCount(front[0]?.cost.macs ?? this.macs)} MACs, and ${shown(given)} is less; ask for more`,
          { macs },
        );
      }
      const best = own.reduce((a, b) => (b.score < a.score ? b : a));
      return new LabFound(session, best, { limits: { ...limits, macs }, front: this.front });
    });
  }

  /**
   * Trains the network on the labels, from scratch or, with `warmStart`, from the supernets' weights; later retrainings of
   * this search take the same recipe by default.
   * @throws TrainingError when the loss is not finite, InterruptedError when stopped.
   */
  async retrain(
    recipe: RetrainRecipe = this.session.recipe,
    { task = `retrain ${this.kind} network`, ...context }: StepContext & { task?: string } = notebookContext(),
  ): Promise<LabStudent> {
    checkOptions("found.retrain", recipe, RECIPE_RULES);
    engineReady();
    const { architecture, options } = this.training(recipe, task);
    return this.trained(await retrain(architecture, this.session.data.dataset, options, context), recipe);
  }

  /** What {@link retrain} trains by a recipe, and how. */
  training(recipe: RetrainRecipe, task: string): Training {
    const { session, network, architecture } = this;
    const { teacher, data } = session;
    const { epochs = DNA_MINI.retrainEpochs, seed = data.seed, distillation, warmStart = false, ...rest } = recipe;
    const start = warmStart === true ? session.warmStart(network.choice) : warmStart;
    const options = {
      ...rest,
      ...(start && { warmStart: start }),
      ...(distillation && { distillation: { teacher, ...distillation } }),
    };
    return { architecture, options: { ...options, epochs, seed, task } };
  }

  /** Takes a training by a recipe as this network's. */
  trained(retrained: Retrained, recipe: RetrainRecipe): LabStudent {
    const { session } = this;
    session.recipe = recipe;
    rememberRecipe(session.teacher, recipe);
    this.student = new LabStudent(this, retrained, recipe);
    return this.student;
  }

  /**
   * Writes the retrained network as JSON with its weights beside it and returns the path; `blockwise predict` reads it.
   * @throws ConfigError when it was not retrained.
   */
  save(path = "found.json"): string {
    if (!this.student) {
      throw new ConfigError("found.save: the network must be retrained first; call await found.retrain()");
    }
    return this.student.save(path);
  }

  /**
   * Writes the retrained network for others to run: "onnx", "layers-model" (TensorFlow.js), "timm", "pytorch", "safetensors" or
   * "card" (a page about it) or "page" (a page in which it classifies your pictures); returns the path.
   * @throws ConfigError when it was not retrained, SpaceError for what the form cannot say.
   */
  async export(format: ExportFormat, path?: string, options: ExportOptions = {}): Promise<string> {
    if (!this.student) {
      throw new ConfigError("found.export: the network must be retrained first; call await found.retrain()");
    }
    return this.student.export(format, path, options);
  }

  /**
   * The retrained network's answers class by class, see `student.confusion`.
   * @throws ConfigError when it was not retrained, or an option is not known.
   */
  async confusion(options: ConfusionOptions = {}, context: StepContext = notebookContext()): Promise<LabConfusion> {
    if (!this.student) {
      throw new ConfigError("found.confusion: the network must be retrained first; call await found.retrain()");
    }
    return this.student.confusion(options, context);
  }

  /** Accuracy of each class of the retrained network. @throws ConfigError as {@link confusion}. */
  async perClass(options: ConfusionOptions = {}, context: StepContext = notebookContext()): Promise<Table> {
    return (await this.confusion(options, context)).perClass();
  }

  table(): Table {
    const { network, session } = this;
    const { space, teacher } = session;
    const { traversalScore } = this.search;
    const limits = limitWords(this.limits, session.table.latencyOf);
    return new Table({
      title: `${this.kind === "found" ? "Found" : "Random"} network: ${formatCount(this.macs)} MACs (${percent(this.macs / teacher.cost.macs, 1)} of the teacher's), ${formatCount(this.params)} parameters, summed rating ${this.score.toFixed(4)}`,
      columns: ["block", "cell", "layers", "channels", "ops", "rating"],
      rows: network.choice.map(({ block, cell, path, width, score }) => [
        block + 1,
        cell + 1,
        path.length,
        width,
        path.map((op) => opName(space.blocks[block].ops[op])).join(" "),
        score,
      ]),
      note: [
        ...(limits.length > 0 ? [`Within ${limits.join(", ")}.`] : []),
        `${formatCount(this.activationBytes)}B of activations${this.latencyMs === undefined ? "" : `, ${this.latencyMs.toFixed(3)} ms${session.table.latencyOf ? ` on ${session.table.latencyOf}` : ""}`}.`,
        ...(ownMeasure(session.score) ? [`Rated by ${session.score}.`] : []),
        ...(session.weights
          ? [`Blocks count ${session.weights.map((weight) => formatCount(weight)).join(", ")}.`]
          : []),
        ...(this.kind === "found" ? [`${plural(this.front.length, "network")} on the predicted front.`] : []),
        ...(traversalScore === undefined
          ? []
          : [`The paper's traversal finds a summed rating of ${traversalScore.toFixed(4)}.`]),
      ].join(" "),
    });
  }

  figure(): FigureView {
    const { session } = this;
    const best = { ...factsOf(session, this.network), score: this.score };
    return new FigureView(
      ratedFrontFigure({
        front: frontFacts(session, this.front),
        best,
        budgetMacs: this.budget.macs,
        measure: ownMeasure(session.score),
      }),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return this.kind === "found" ? showTogether(this.table(), this.figure()) : showTogether(this.table());
  }
}
