import { formatCount, percent } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { formatShape } from "../../space";
import type { Teacher, TeacherBlock } from "../../teacher";
import { costBars } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import type { LabData } from "./data";

/** A teacher cut into blocks: each is imitated on its own. */
export class LabBlocks implements Displayable {
  constructor(
    readonly teacher: Teacher,
    readonly data: LabData,
    readonly blocks: readonly TeacherBlock[],
    /** Whether the teacher was loaded for its feature maps alone; its answers are then neither shown nor learnt. */
    readonly featuresOnly = false,
  ) {}

  get length(): number {
    return this.blocks.length;
  }

  table(): Table {
    const { teacher, blocks } = this;
    return new Table({
      title: `${teacher.architecture.name} in ${blocks.length} blocks`,
      columns: ["block", "layers", "input", "output", "stride", "MACs", "share", "parameters"],
      rows: blocks.map(({ index, firstLayer, lastLayer, input, output, stride, macs, params }) => [
        index + 1,
        firstLayer === lastLayer ? `${firstLayer}` : `${firstLayer}\u2013${lastLayer}`,
        formatShape(input),
        formatShape(output),
        stride,
        formatCount(macs),
        percent(macs / teacher.cost.macs, 1),
        formatCount(params),
      ]),
      note: "Layer 0 is the stem's first. The head is no block: it is not imitated.",
    });
  }

  figure(): FigureView {
    const { teacher, blocks } = this;
    const parts = blocks.map(({ index, macs, params }) => ({ name: `block ${index + 1}`, macs, params }));
    const rest = (key: "macs" | "params") => teacher.cost[key] - blocks.reduce((sum, block) => sum + block[key], 0);
    parts.push({ name: "head", macs: rest("macs"), params: rest("params") });
    return new FigureView(costBars([{ label: "teacher", parts }]));
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }
}
