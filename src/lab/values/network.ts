import { ConfigError, DataError, formatCount, percent, type StepContext } from "../../core";
import { type NetworkCost, networkCost } from "../../cost";
import type { Split } from "../../data";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { diagramLayers } from "../../export";
import { type LoadedNetwork, Retrained, retrain, type Training } from "../../retrain";
import { type Architecture, sameShape } from "../../space";
import { DNA_MINI } from "../../systems/dna";
import { checkFits, type Teacher } from "../../teacher";
import { architectureDiagram } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { propertyTable, type Table } from "../display/table";
import { engineReady } from "../session/engine-ready";
import { notebookContext } from "../session/notebook-context";
import type { RetrainRecipe } from "../words/retrain-recipe";
import type { LabData } from "./data";

/** An own network: of no search of ours, an architecture or one that is trained already. */
export class LabNetwork implements Displayable {
  readonly cost: NetworkCost;
  private tested: Promise<number> | undefined;

  /**
   * @param label What tables and figures call it.
   * @throws ConfigError when its input or number of classes is not the data's, DataError when it was trained on other data.
   */
  constructor(
    readonly label: string,
    readonly architecture: Architecture,
    readonly data: LabData,
    private trained?: Retrained | LoadedNetwork,
    readonly kind: "own" | "shrunk" = "own",
  ) {
    checkFits(architecture, data.dataset, "lab.network");
    if (trained) checkSameData(label, trained, data);
    this.cost = networkCost(architecture);
  }

  get isTrained(): boolean {
    return this.trained !== undefined;
  }

  /** Top-1 accuracy on the validation split, 0..1; undefined while it is not trained, or where it was never measured. */
  get accuracy(): number | undefined {
    if (this.trained === undefined || this.trained instanceof Retrained) return this.trained?.accuracy;
    return this.trained.record.measured.find(({ split }) => split === "validation")?.accuracy;
  }

  /** Multiply-adds of convolutions and linear layers for one image. */
  get macs(): number {
    return this.cost.macs;
  }

  get params(): number {
    return this.cost.params;
  }

  /** All settings of its training; undefined while it is not trained. */
  get training(): Readonly<Record<string, unknown>> | undefined {
    if (this.trained === undefined || this.trained instanceof Retrained) return this.trained?.training;
    const { data: _fingerprint, ...training } = this.trained.record.training;
    return training;
  }

  /**
   * Trains it on the labels from drawn weights, as `found.retrain` does.
   * @param teacher Whose answers it learns beside the labels, where the recipe has a `distillation`.
   * @throws ConfigError for a warm start, which networks of a search alone have, TrainingError, InterruptedError.
   */
  async retrain(
    recipe: RetrainRecipe = {},
    context: StepContext = notebookContext(),
    teacher?: Teacher,
  ): Promise<this> {
    engineReady();
    const { architecture, options } = this.trainingBy(recipe, teacher);
    this.adopt(await retrain(architecture, this.data.dataset, options, context));
    return this;
  }

  /** What {@link retrain} trains by a recipe, and how. @throws ConfigError as there. */
  trainingBy(recipe: RetrainRecipe, teacher?: Teacher): Training {
    const { data, architecture, label } = this;
    const { epochs = DNA_MINI.retrainEpochs, seed = data.seed, distillation, warmStart, ...rest } = recipe;
    if (warmStart === true) {
      throw new ConfigError(
        `lab.network: ${label} comes from no supernet, so it cannot start from one's weights; leave warmStart out, for all networks of a comparison`,
      );
    }
    if (distillation && !teacher) {
      throw new ConfigError(
        `lab.network: ${label} has no teacher to learn from; leave distillation out, or give a teacher to lab.pareto, too`,
      );
    }
    const options = {
      ...rest,
      ...(warmStart && { warmStart }),
      ...(distillation && teacher && { distillation: { teacher, ...distillation } }),
    };
    const task = `retrain ${label} (${formatCount(this.macs)} MACs)`;
    return { architecture, options: { ...options, epochs, seed, task } };
  }

  /** Takes a training as this network's. */
  adopt(retrained: Retrained): void {
    this.trained = retrained;
    this.tested = undefined;
  }

  /**
   * Top-1 accuracy on the test split, 0..1, measured once.
   * @throws ConfigError when it is not trained.
   */
  async testAccuracy(context: StepContext = {}): Promise<number> {
    const { trained } = this;
    if (!trained) {
      throw new ConfigError(`lab.network: ${this.label} must be trained first; call await network.retrain()`);
    }
    const { test }: { test: Split } = this.data;
    this.tested ??= trained.evaluate(test, context).then(({ accuracy }) => accuracy);
    // An interrupted measurement is no measurement.
    this.tested.catch(() => {
      this.tested = undefined;
    });
    return this.tested;
  }

  table(): Table {
    const { architecture, accuracy, data } = this;
    return propertyTable(`Network ${this.label} on ${data.name}`, {
      "validation accuracy": accuracy === undefined ? "not measured" : percent(accuracy),
      MACs: formatCount(this.macs),
      parameters: formatCount(this.params),
      layers: architecture.stem.length + architecture.blocks.flat().length + architecture.head.length,
    });
  }

  /** Picture of the network: its layers as boxes, with ops, widths and costs. */
  diagram(): FigureView {
    const { architecture, cost, label, macs, params } = this;
    return new FigureView(
      architectureDiagram({
        title: `Network ${label}: ${formatCount(macs)} MACs, ${formatCount(params)} parameters`,
        layers: diagramLayers(architecture, cost),
      }),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.diagram());
  }

  /** Frees the weights, if it has any. */
  dispose(): void {
    this.trained?.dispose();
    this.trained = undefined;
  }
}

/** Accuracies compare on one data set alone, divided in one way: another division may have trained on these test images. */
function checkSameData(label: string, trained: Retrained | LoadedNetwork, { dataset }: LabData): void {
  const isRetrained = trained instanceof Retrained;
  const known = isRetrained
    ? { name: trained.dataset.name, fingerprint: trained.dataset.fingerprint, classes: trained.dataset.classes }
    : {
        name: trained.record.measured[0]?.dataset,
        fingerprint: trained.record.training.data as string | undefined,
        classes: trained.record.classes,
      };
  const fits = sameShape(trained.network.architecture.input, dataset.shape);
  if (known.name !== dataset.name || known.classes.join("\n") !== dataset.classes.join("\n") || !fits) {
    throw new DataError(
      `lab.network: ${label} was trained on ${known.name}, and the data is ${dataset.name}: all networks must belong to one data set with the same classes; draw one figure for each`,
      { trainedOn: known.name, dataset: dataset.name },
    );
  }
  if (known.fingerprint !== dataset.fingerprint) {
    throw new DataError(
      `lab.network: ${label} was trained on ${known.name} divided or prepared in another way, so its test images may be others; load the data as it was then (seed, counts), or retrain its architecture on this one: lab.network(file.architecture, { data })`,
      { trainedOn: known.fingerprint, data: dataset.fingerprint },
    );
  }
}
