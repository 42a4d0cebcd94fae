import { formatCount } from "../core";
import { type ParetoRecord, paretoFigure } from "../viz";
import { DISPLAY, type Displayable, type MimeBundle } from "./display-protocol";
import { FigureView } from "./figure-view";
import type { FrontNetwork } from "./front-network";
import { verdict } from "./front-verdict";
import { percent } from "./numbers";
import { showTogether, words } from "./show";
import { Table } from "./table";

/** True accuracies of networks against their cost, beside what rating predicted. */
export class LabFront implements Displayable {
  constructor(
    readonly networks: readonly FrontNetwork[],
    private readonly predicted: Pick<ParetoRecord, "predictedFront" | "predicted">,
    /** What makes the comparison less than fair, if anything. */
    readonly caveat?: string,
  ) {}

  table(): Table {
    const teacher = this.networks.find(({ kind }) => kind === "teacher");
    return new Table({
      title: `Networks on ${this.networks[0].dataset}`,
      columns: ["network", "FLOPs", "of the teacher's", "parameters", "test accuracy", "validation accuracy", "rating"],
      rows: this.networks.map(({ label, macs, params, accuracy, validationAccuracy, score }) => [
        label,
        formatCount(macs),
        teacher ? percent(macs / teacher.macs, 1) : null,
        formatCount(params),
        percent(accuracy),
        percent(validationAccuracy),
        score === undefined ? null : Number(score.toFixed(4)),
      ]),
      note: "FLOPs are multiply-adds. Test accuracies are of networks trained to the end; the rating is what was predicted before (lower is better).",
    });
  }

  figure(): FigureView {
    return new FigureView(paretoFigure({ measured: this.networks, ...this.predicted }));
  }

  /** In words: how found networks compare with random ones and with the teacher. */
  verdict(): string {
    return [verdict(this.networks), ...(this.caveat ? [this.caveat] : [])].join(" ");
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), words(this.verdict()), this.figure());
  }
}
