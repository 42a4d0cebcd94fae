import { formatDuration } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import type { DistillEpoch } from "../../distill";
import type { SearchSpace } from "../../space";
import { lossCurves } from "../../viz";
import { FigureView } from "../display/figure-view";
import { plural } from "../display/numbers";
import { showTogether } from "../display/show";
import { Table } from "../display/table";

/** What a distillation did: the loss of every cell by epoch. */
export class LabDistillation implements Displayable {
  constructor(
    private readonly space: SearchSpace,
    /** `[block][cell][epoch]` */
    readonly history: readonly (readonly (readonly DistillEpoch[])[])[],
    /** What the teacher's features take, in words. */
    private readonly room?: string,
  ) {}

  table(): Table {
    return new Table({
      title: "Distillation",
      columns: ["block", "cell", "layers", "channels", "first loss", "last loss", "time"],
      rows: this.history.flatMap((cells, block) =>
        cells.map((epochs, cell) => {
          const { depth, width } = this.space.blocks[block].cells[cell];
          const totalMs = epochs.reduce((sum, { durationMs }) => sum + durationMs, 0);
          return [
            block + 1,
            cell + 1,
            depth,
            width,
            epochs[0].loss,
            epochs[epochs.length - 1].loss,
            formatDuration(totalMs),
          ];
        }),
      ),
      note: ["Loss: mean squared error to the teacher's feature map, over the paths sampled in an epoch.", this.room]
        .filter(Boolean)
        .join(" "),
    });
  }

  figure(): FigureView {
    return new FigureView(
      lossCurves(
        this.history.flatMap((cells, block) =>
          cells.map((epochs, cell) => {
            const { depth, width } = this.space.blocks[block].cells[cell];
            return {
              block,
              cell,
              label: `${plural(depth, "layer")}, ${width} channels`,
              at: epochs.map(({ epoch }) => epoch),
              losses: epochs.map(({ loss }) => loss),
            };
          }),
        ),
      ),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }
}
