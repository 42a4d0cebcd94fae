import { formatCount, percent } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { comparisons, errorOf, errorWords, type FrontComparison, verdict } from "../../retrain";
import { resolveAmount } from "../../search";
import { type BudgetLine, type ParetoRecord, type PublishedNetwork, parallelView, paretoFigure } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether, words } from "../display/show";
import { Table } from "../display/table";
import type { FrontNetwork } from "./front-network";
import type { LabStudent } from "./student";

export interface LabFrontOptions {
  /** Limits of MACs to draw as lines, also as shares of the teacher's: `["2M", 4e6, "27%"]`, or with a name. */
  readonly budgets?: readonly (number | string | BudgetLine)[];
  /** Networks of others on the same data set, as printed. */
  readonly published?: readonly PublishedNetwork[];
  /** What the x axis is of: "macs" unless given, or "latencyMs", where the ratings were given latencies. */
  readonly cost?: "macs" | "latencyMs";
}

/** True accuracies of networks against their cost, beside what rating predicted. */
export class LabFront implements Displayable {
  constructor(
    readonly networks: readonly FrontNetwork[],
    private readonly predicted: Pick<ParetoRecord, "predictedFront" | "predicted">,
    /** What makes the comparison less than fair, if anything. */
    readonly caveat?: string,
    /** The trained networks, the teacher left out. */
    readonly students: readonly LabStudent[] = [],
  ) {}

  table(): Table {
    const teacher = this.networks.find(({ kind }) => kind === "teacher");
    return new Table({
      title: `Networks on ${this.networks[0].dataset}`,
      columns: [
        "network",
        "MACs",
        "of the teacher's",
        "parameters",
        "test accuracy",
        "standard error",
        "validation accuracy",
        "rating",
      ],
      rows: this.networks.map(({ validationAccuracy, score, ...network }) => [
        network.label,
        formatCount(network.macs),
        teacher ? percent(network.macs / teacher.macs, 1) : null,
        formatCount(network.params),
        percent(network.accuracy),
        percent(errorOf(network)),
        validationAccuracy === undefined ? "not measured" : percent(validationAccuracy),
        score === undefined ? null : Number(score.toFixed(4)),
      ]),
      note: `Test accuracies are of networks trained to the end, standard errors ${errorWords(this.networks)}; the rating is what was predicted before (lower is better).`,
    });
  }

  /**
   * Accuracy against cost.
   * @throws DataError when a published network is of another data set: a figure never mixes them; or when the axis is of
   *   latency and a network has none.
   */
  figure({ budgets = [], published = [], cost = "macs" }: LabFrontOptions = {}): FigureView {
    const macs = this.networks.find(({ kind }) => kind === "teacher")?.macs;
    const lines = budgets.map((budget) =>
      typeof budget === "object" ? budget : { macs: resolveAmount("front.figure: budgets", "macs", budget, { macs }) },
    );
    const measured = this.networks.map((network) => ({ ...network, standardError: errorOf(network) }));
    return new FigureView(
      paretoFigure({
        measured,
        cost,
        ...this.predicted,
        budgets: lines,
        published,
        errorWords: errorWords(this.networks),
      }),
    );
  }

  /** Each found network that has rivals at its cost, with its gains over them and their standard errors. */
  comparisons(): FrontComparison<FrontNetwork>[] {
    return comparisons(this.networks);
  }

  /** Parallel coordinates of all costs, rating and accuracy, a line a network. */
  parallel(): FigureView {
    return new FigureView(parallelView(this.networks, `Costs and accuracy on ${this.networks[0].dataset}`));
  }

  /** In words: how found networks compare with random ones and with the teacher. */
  verdict(): string {
    return [verdict(this.networks), ...(this.caveat ? [this.caveat] : [])].join(" ");
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), words(this.verdict()), this.figure());
  }
}
