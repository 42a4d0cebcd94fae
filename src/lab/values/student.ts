import { formatCount, formatDuration, percent, type StepContext } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { engine } from "../../engine";
import { type ExportFormat, type ExportOptions, exportNetwork } from "../../export";
import { asTeacher, networkOrigin, type Origin, type Retrained, saveFound } from "../../retrain";
import { hasTimmWords, timmStages } from "../../space";
import { costBars, trainingCurve } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { propertyTable, type Table } from "../display/table";
import { notebookContext } from "../session/notebook-context";
import type { RetrainRecipe } from "../words/retrain-recipe";
import { type ConfusionOptions, type LabConfusion, labConfusion } from "./confusion";
import type { NetworkDesign } from "./network-design";
import { LabTeacher } from "./teacher";

type Evaluation = Awaited<ReturnType<Retrained["evaluate"]>>;

/** A network of the search space, trained from scratch. */
export class LabStudent implements Displayable {
  private tested: Promise<Evaluation> | undefined;
  private evaluation: Evaluation | undefined;

  constructor(
    readonly design: NetworkDesign,
    readonly retrained: Retrained,
    /** How it was trained, where the lab did it. */
    readonly recipe?: RetrainRecipe,
  ) {}

  get kind(): "found" | "random" {
    return this.design.kind;
  }

  /** Top-1 accuracy on the validation split, 0..1. */
  get accuracy(): number {
    return this.retrained.accuracy;
  }

  get macs(): number {
    return this.design.macs;
  }

  get params(): number {
    return this.design.params;
  }

  /** Top-1 accuracy on the test split, measured once. */
  async testAccuracy(context: StepContext = {}): Promise<number> {
    const { test } = this.design.session.data;
    this.tested ??= this.retrained.evaluate(test, context);
    try {
      this.evaluation = await this.tested;
    } catch (error) {
      // An interrupted measurement is no measurement.
      this.tested = undefined;
      throw error;
    }
    return this.evaluation.accuracy;
  }

  /**
   * Its answers on the validation split (or `{ split: "test" }`) class by class: top-5, accuracy and mistakes of each class, as
   * tables and figures.
   * @throws ConfigError when an option is not known, InterruptedError when stopped.
   */
  confusion(options: ConfusionOptions = {}, context: StepContext = notebookContext()): Promise<LabConfusion> {
    const { network, preprocessing } = this.retrained;
    const answerer = { network, preprocessing, title: `the ${this.kind} network` };
    return labConfusion("student.confusion", answerer, this.design.session.data, options, context);
  }

  /** Accuracy of each class, see {@link confusion}. */
  async perClass(options: ConfusionOptions = {}, context: StepContext = notebookContext()): Promise<Table> {
    return (await this.confusion(options, context)).perClass();
  }

  /**
   * The student as the teacher of the next round (DNA+, arXiv 2403.01326): split it, distil, rate and search again. Both
   * share their weights.
   */
  asTeacher(): LabTeacher {
    return new LabTeacher(asTeacher(this.retrained), this.design.session.data);
  }

  /** The stages in timm's words. @throws SpaceError for ResNet's blocks, which timm's strings cannot say. */
  toTimm(): string {
    return this.design.toTimm();
  }

  /** Writes the network as JSON (what it is, how it was found, its accuracies) with its weights beside it; returns the path. */
  save(path = "found.json"): string {
    const { architecture } = this.design;
    saveFound(path, this.retrained, {
      origin: this.origin(),
      test: this.evaluation,
      ...(hasTimmWords(architecture) && { timm: timmStages(architecture).flat() }),
      versions: engine.info().versions,
    });
    return path;
  }

  /**
   * Writes the network for others to run: "onnx", "layers-model" (TensorFlow.js), "timm", "pytorch", "safetensors" or "card".
   * @param path By the network's name in the working folder unless given.
   * @returns The path of what was asked for.
   * @throws ConfigError, SpaceError as {@link exportNetwork}.
   */
  async export(format: ExportFormat, path?: string, options: ExportOptions = {}): Promise<string> {
    const { evaluation, retrained } = this;
    const test = evaluation && [
      {
        dataset: retrained.dataset.name,
        split: "test" as const,
        images: evaluation.count,
        accuracy: evaluation.accuracy,
      },
    ];
    const [file] = await exportNetwork(retrained, format, path, options, { origin: this.origin(), measured: test });
    return file;
  }

  private origin(): Origin {
    const { network, limits, session, kind } = this.design;
    const { calibration, space, score: rating, seeds } = session;
    const evidence = calibration && { networks: calibration.evidence.length };
    return networkOrigin({ kind, space: space.name, network, limits, rating, evidence, seeds: { ...seeds } });
  }

  /** Picture of the network: its layers as boxes, with ops, widths and costs. */
  diagram(): FigureView {
    return this.design.diagram();
  }

  summary(): Table {
    const { accuracy, macs, params, design, retrained } = this;
    const { teacher, data, featuresOnly } = design.session;
    const { epochs, imagesPerSecond } = retrained.history;
    const trainedMs = epochs.reduce((sum, { durationMs }) => sum + durationMs, 0);
    return propertyTable(
      `${design.kind === "found" ? "Found" : "Random"} network, trained from scratch on ${data.name}`,
      {
        "validation accuracy": `${percent(accuracy)} (teacher: ${percent(featuresOnly ? undefined : teacher.accuracy)})`,
        MACs: `${formatCount(macs)} (${percent(macs / teacher.cost.macs, 1)} of the teacher's)`,
        parameters: `${formatCount(params)} (${percent(params / teacher.cost.params, 1)} of the teacher's)`,
        epochs: epochs.length,
        "training time": `${formatDuration(trainedMs)} (${Math.round(imagesPerSecond)} images/s)`,
        ...(hasTimmWords(design.architecture)
          ? { "in timm's words": this.toTimm() }
          : { layers: design.describe().join("; ") }),
      },
      "The test images were not looked at yet; lab.pareto measures on them.",
    );
  }

  curve(): FigureView {
    return new FigureView(trainingCurve(`the ${this.kind} network`, this.retrained.history.epochs));
  }

  /** MACs and parameters beside the teacher's, block by block; the first block has the stem. */
  costs(): FigureView {
    const { session, cost, network } = this.design;
    const { teacher, blocks } = session;
    const names = [...blocks.map(({ index }) => `block ${index + 1}`), "head"];
    const ofTeacher = [...blocks, rest(teacher.cost, blocks)];
    const own = network.choice.map((_, block) => partOf(cost.layers, block));
    const ofStudent = [...own, rest(cost, own)];
    const parts = (costs: readonly Part[]) => costs.map(({ macs, params }, i) => ({ name: names[i], macs, params }));
    return new FigureView(
      costBars([
        { label: "teacher", parts: parts(ofTeacher) },
        { label: "student", parts: parts(ofStudent) },
      ]),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.summary(), this.costs(), this.curve());
  }
}

interface Part {
  readonly macs: number;
  readonly params: number;
}

function partOf(layers: readonly (Part & { readonly name: string })[], block: number): Part {
  const own = layers.filter(
    ({ name }) => name.startsWith(`block${block}.`) || (block === 0 && name.startsWith("stem.")),
  );
  return { macs: sum(own, "macs"), params: sum(own, "params") };
}

/** What is left beside the blocks: the head and the classifier. */
function rest(whole: Part, blocks: readonly Part[]): Part {
  return { macs: whole.macs - sum(blocks, "macs"), params: whole.params - sum(blocks, "params") };
}

function sum(parts: readonly Part[], key: "macs" | "params"): number {
  return parts.reduce((total, part) => total + part[key], 0);
}
