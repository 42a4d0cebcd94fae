import { ConfigError, formatCount, Rng, type StepContext } from "../core";
import { retrain } from "../retrain";
import { type Budget, exactFront, type FoundNetwork, randomNetworks } from "../search";
import { opName } from "../space";
import { ratedFrontFigure } from "../viz";
import { DISPLAY, type Displayable, type MimeBundle } from "./display-protocol";
import { engineReady } from "./engine-ready";
import { FigureView } from "./figure-view";
import { LabStudent } from "./lab-student";
import { NetworkDesign } from "./network-design";
import { notebookContext } from "./notebook-context";
import { percent } from "./numbers";
import { RETRAIN_EPOCHS, type RetrainRecipe } from "./retrain-recipe";
import type { SearchSession } from "./search-session";
import { showTogether } from "./show";
import { Table } from "./table";

export interface AtEqualMacsOptions {
  /** Largest relative distance in MACs. Default 0.05. */
  readonly tolerance?: number;
  /** Default: the data's seed. */
  readonly seed?: number;
}

/** A network of the search space: found by rating, or drawn at random to compare with. */
export class LabFound extends NetworkDesign implements Displayable {
  /** Once it was retrained. */
  student: LabStudent | undefined;
  private rated: readonly FoundNetwork[] | undefined;

  constructor(session: SearchSession, network: FoundNetwork, budget: Budget, kind: "found" | "random" = "found") {
    super(session, network, budget, kind);
  }

  /** Random networks of the same space and near-equal MACs. */
  readonly random = {
    /**
     * Distinct ones, uniform over all such networks whatever their ratings; not retrained yet.
     * @throws BudgetInfeasibleError when there are too few.
     */
    atEqualMacs: (count: number, { tolerance = 0.05, seed }: AtEqualMacsOptions = {}): LabFound[] => {
      const { session } = this;
      const rng = new Rng(seed ?? session.data.seed).fork("lab/random networks");
      const networks = randomNetworks(session.table, { near: this.macs, tolerance, count, rng });
      return networks.map((network) => new LabFound(session, network, {}, "random"));
    },
  };

  /** The whole predicted front: every network that none beats in rating and MACs (under the limits other than MACs). */
  front(): readonly FoundNetwork[] {
    const { macs: _, ...others } = this.budget;
    this.rated ??= exactFront(this.session.table, { axis: "macs", budget: others });
    return this.rated;
  }

  /**
   * Up to `count` networks of the predicted front within the budget, evenly spaced in MACs; this one is the last.
   * They are not retrained yet: `lab.pareto` does that.
   */
  alongFront(count: number): LabFound[] {
    const within = this.front().filter(({ cost }) => (cost.macs ?? 0) < this.macs);
    const spread = evenlySpaced(within, Math.max(0, count - 1), this.macs);
    return [...spread.map((network) => new LabFound(this.session, network, { macs: network.cost.macs })), this];
  }

  /**
   * Trains the network from scratch on the labels; later retrainings of this search take the same recipe by default.
   * @throws TrainingError when the loss is not finite, InterruptedError when stopped.
   */
  async retrain(
    recipe: RetrainRecipe = this.session.recipe,
    { task = `retrain ${this.kind} network`, ...context }: StepContext & { task?: string } = notebookContext(),
  ): Promise<LabStudent> {
    engineReady();
    const { teacher, data } = this.session;
    const { epochs = RETRAIN_EPOCHS, seed = data.seed, distillation, ...rest } = recipe;
    const soft = distillation && { distillation: { teacher, ...distillation } };
    const retrained = await retrain(this.architecture, data.dataset, { ...rest, epochs, seed, task, ...soft }, context);
    this.session.recipe = recipe;
    this.student = new LabStudent(this, retrained);
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

  table(): Table {
    const { network, session } = this;
    const { space, teacher } = session;
    const limits = Object.entries(this.budget).map(([name, limit]) => `${name} \u2264 ${formatCount(limit ?? 0)}`);
    return new Table({
      title: `${this.kind === "found" ? "Found" : "Random"} network: ${formatCount(this.macs)} FLOPs (${percent(this.macs / teacher.cost.macs, 1)} of the teacher's), ${formatCount(this.params)} parameters, summed rating ${this.score.toFixed(4)}`,
      columns: ["block", "cell", "layers", "channels", "ops", "rating"],
      rows: network.choice.map(({ block, cell, path, width, score }) => [
        block + 1,
        cell + 1,
        path.length,
        width,
        path.map((op) => opName(space.blocks[block].ops[op])).join(" "),
        score,
      ]),
      note: `${limits.length > 0 ? `Within ${limits.join(", ")}. ` : ""}FLOPs are multiply-adds.`,
    });
  }

  figure(): FigureView {
    const point = ({ cost, score }: FoundNetwork) => ({ macs: cost.macs ?? 0, score });
    const front = this.front().map(point);
    return new FigureView(ratedFrontFigure({ front, best: point(this.network), budgetMacs: this.budget.macs }));
  }

  [DISPLAY](): Promise<MimeBundle> {
    return this.kind === "found" ? showTogether(this.table(), this.figure()) : showTogether(this.table());
  }
}

/** So many of the networks, nearest to equal steps of MACs up to (and without) `end`; each at most once. */
function evenlySpaced(networks: readonly FoundNetwork[], count: number, end: number): FoundNetwork[] {
  if (networks.length <= count) return [...networks];
  const macs = (network: FoundNetwork) => network.cost.macs ?? 0;
  const start = Math.min(...networks.map(macs));
  const left = [...networks];
  const chosen = Array.from({ length: count }, (_, i) => {
    const wanted = start + ((end - start) * i) / count;
    const distances = left.map((network) => Math.abs(macs(network) - wanted));
    return left.splice(distances.indexOf(Math.min(...distances)), 1)[0];
  });
  return chosen.sort((a, b) => macs(a) - macs(b));
}
