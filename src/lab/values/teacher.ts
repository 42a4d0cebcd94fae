import { ConfigError, formatCount, formatDuration, percent, type StepContext } from "../../core";
import type { ShrinkBy } from "../../cost";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { diagramLayers, type ExportFormat, type ExportOptions, exportNetwork } from "../../export";
import { type Architecture, formatShape } from "../../space";
import type { SplitPoints, Teacher } from "../../teacher";
import type { TrainingHistory } from "../../train";
import { architectureDiagram, trainingCurve } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { propertyTable, Table } from "../display/table";
import { notebookContext } from "../session/notebook-context";
import type { LabBudget } from "../words/limits";
import { LabBlocks } from "./blocks";
import { type ConfusionOptions, type LabConfusion, labConfusion } from "./confusion";
import type { LabData } from "./data";
import { type LabShrunk, type ShrunkOptions, shrunkTeacher } from "./shrunk";

/** A trained teacher with the data it was trained on. */
export class LabTeacher implements Displayable {
  readonly kind = "teacher";
  private tested: Promise<number> | undefined;

  constructor(
    readonly teacher: Teacher,
    readonly data: LabData,
    /** Its classes may be others than the data's: only its feature maps are of use here. */
    readonly featuresOnly = false,
  ) {}

  get architecture(): Architecture {
    return this.teacher.architecture;
  }

  /** Top-1 accuracy on the validation split, 0..1; undefined where it was never measured. */
  get accuracy(): number | undefined {
    return this.featuresOnly ? undefined : this.teacher.accuracy;
  }

  /** Multiply-adds of convolutions and linear layers for one image. */
  get macs(): number {
    return this.teacher.cost.macs;
  }

  get params(): number {
    return this.teacher.cost.params;
  }

  get history(): TrainingHistory {
    return this.teacher.history;
  }

  /**
   * Cuts the teacher, without its head, into blocks.
   * @param points How many (of about equal MACs), "stages", or the last layer of every block but the final one, by index
   *   `[2, 5]` or by name `{ after: ["block0.1", "block2.3"] }`; `teacher.layers()` lists both.
   * @throws SpaceError when there are fewer layers than blocks, or cut points do not rise or name no layer.
   */
  split(points: SplitPoints): LabBlocks {
    return new LabBlocks(this.teacher, this.data, this.teacher.split(points), this.featuresOnly);
  }

  /**
   * This architecture shrunk uniformly to a cost, as a network to train and compare: what a found network must beat.
   * `teacher.shrunk("45%")` has 45 % of the MACs, `teacher.shrunk({ params: "300k" })` 300,000 parameters; channels are rounded
   * to whole ones, and how near the cost comes to the target is said (`off`).
   * @param options `by`: "width" (default), "compound" (depth and width together), or a list, which gives a list.
   * @throws ConfigError when the target is none, BudgetInfeasibleError when it is less than one channel a layer costs.
   */
  shrunk(target: number | string | LabBudget, options?: ShrunkOptions): LabShrunk;
  shrunk(target: number | string | LabBudget, options: ShrunkOptions<readonly ShrinkBy[]>): LabShrunk[];
  shrunk(
    target: number | string | LabBudget,
    options: ShrunkOptions<ShrinkBy | readonly ShrinkBy[]> = {},
  ): LabShrunk | LabShrunk[] {
    const all = shrunkTeacher(this.teacher, this.data, target, options);
    return Array.isArray(options.by) ? all : all[0];
  }

  /** The layers that can be cut behind, with the names that `split` takes. */
  layers(): Table {
    const { teacher } = this;
    return new Table({
      title: `${teacher.architecture.name}: where it can be cut`,
      columns: ["index", "name", "layer", "output", "stride", "MACs", "parameters"],
      rows: teacher.trunk.map(({ output, stride, macs, params }, i) => {
        const { name, layer } = teacher.cost.layers[i];
        return [i, name, layer, formatShape(output), stride, formatCount(macs), formatCount(params)];
      }),
      note: "split takes the last layer of every block but the final one: indices, or { after: [names] }.",
    });
  }

  /** Top-1 accuracy on the test split, measured once. @throws ConfigError when only its feature maps are of use here. */
  async testAccuracy(context: StepContext = {}): Promise<number> {
    if (this.featuresOnly) {
      throw new ConfigError(
        `teacher.testAccuracy: ${this.architecture.name} was loaded for its features only (featuresOnly), its answers are not the classes of ${this.data.name}; leave it out of the comparison`,
      );
    }
    this.tested ??= this.teacher.evaluate(this.data.test, context).then(({ accuracy }) => accuracy);
    // An interrupted measurement is no measurement.
    this.tested.catch(() => {
      this.tested = undefined;
    });
    return this.tested;
  }

  /**
   * Its answers on the validation split (or `{ split: "test" }`) class by class: top-5, accuracy and mistakes of each class, as
   * tables and figures.
   * @throws ConfigError when an option is not known or only its feature maps are of use, InterruptedError when stopped.
   */
  async confusion(options: ConfusionOptions = {}, context: StepContext = notebookContext()): Promise<LabConfusion> {
    if (this.featuresOnly) {
      throw new ConfigError(
        `teacher.confusion: ${this.architecture.name} was loaded for its features only (featuresOnly), its answers are not the classes of ${this.data.name}; fine-tune it on them first: lab.teacher(file, { data, fineTune: {} })`,
      );
    }
    const { teacher } = this;
    const { network, preprocessing } = teacher;
    const answerer = { network, preprocessing, title: `teacher ${this.architecture.name}` };
    return labConfusion("teacher.confusion", answerer, this.data, options, context);
  }

  /** Accuracy of each class, see {@link confusion}. */
  async perClass(options: ConfusionOptions = {}, context: StepContext = notebookContext()): Promise<Table> {
    return (await this.confusion(options, context)).perClass();
  }

  /** Writes weights and record into one safetensors file, which `lab.teacher(path, { data })` reads. */
  save(path: string): void {
    this.teacher.save(path);
  }

  /**
   * Writes the teacher for others to run: "onnx", "layers-model" (TensorFlow.js), "timm", "pytorch", "safetensors" or "card";
   * returns the path.
   * @throws ConfigError, SpaceError as {@link exportNetwork}.
   */
  async export(format: ExportFormat, path?: string, options: ExportOptions = {}): Promise<string> {
    const [file] = await exportNetwork(this.teacher, format, path, options);
    return file;
  }

  table(): Table {
    const { architecture, history } = this;
    const trainedMs = history.epochs.reduce((sum, { durationMs }) => sum + durationMs, 0);
    return propertyTable(
      `Teacher ${architecture.name} on ${this.data.name}`,
      {
        "validation accuracy": percent(this.accuracy),
        MACs: formatCount(this.macs),
        parameters: formatCount(this.params),
        "layers before the head": this.teacher.trunk.length,
        ...(history.epochs.length > 0 && {
          epochs: history.epochs.length,
          "training time": `${formatDuration(trainedMs)} (${Math.round(history.imagesPerSecond)} images/s)`,
        }),
      },
      [
        this.featuresOnly
          ? `Loaded for its features only: its ${this.teacher.classes.length} classes need not be those of ${this.data.name}.`
          : "The test images were not looked at yet.",
        ...this.teacher.remarks,
      ].join(" "),
    );
  }

  curve(): FigureView {
    return new FigureView(trainingCurve(this.architecture.name, this.history.epochs));
  }

  /** Picture of the network: its layers as boxes, with ops, widths and costs. */
  diagram(): FigureView {
    const { architecture, macs, params } = this;
    return new FigureView(
      architectureDiagram({
        title: `Teacher ${architecture.name}: ${formatCount(macs)} MACs, ${formatCount(params)} parameters`,
        layers: diagramLayers(architecture),
      }),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    // Of a network that was found before, only the accuracy is known.
    const known = this.history.epochs.length > 0;
    return showTogether(this.table(), known ? this.curve() : this.diagram());
  }
}
