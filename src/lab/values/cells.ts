import { ConfigError, formatCount } from "../../core";
import { type CellNetworkCost, cellNetworkCost } from "../../cost";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import {
  type CellArchitecture,
  cellDrawings,
  cellPreset,
  cellWords,
  formatShape,
  meansCells,
  parseCellArchitecture,
} from "../../space";
import { cellGraph } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { propertyTable, Table } from "../display/table";

/** A network of cells, before any training: what its cells are and what it costs. */
export class LabCells implements Displayable {
  readonly cost: CellNetworkCost;

  constructor(readonly architecture: CellArchitecture) {
    this.cost = cellNetworkCost(architecture);
  }

  /** Multiply-adds of convolutions and linear layers for one image. */
  get macs(): number {
    return this.cost.macs;
  }

  get params(): number {
    return this.cost.params;
  }

  /** A line a cell: "normal: sep3(0)+sep3(1) | ...". */
  describe(): string[] {
    return cellWords(this.architecture);
  }

  /** Picture of the cells: graphs with an operation on each edge. */
  diagram(): FigureView {
    const { architecture, macs, params } = this;
    return new FigureView(
      cellGraph({
        title: `Cells of ${architecture.name}: ${formatCount(macs)} MACs, ${formatCount(params)} parameters`,
        cells: cellDrawings(architecture),
      }),
    );
  }

  /** What each of the stacked cells costs. */
  table(): Table {
    return new Table({
      maxRows: this.cost.parts.length,
      title: `Parts of ${this.architecture.name}`,
      columns: ["part", "what", "output", "parameters", "MACs"],
      rows: this.cost.parts.map(({ name, layer, output, params, macs }) => {
        return [name, layer, formatShape(output), params, macs];
      }),
    });
  }

  [DISPLAY](): Promise<MimeBundle> {
    const { architecture, cost } = this;
    const summary = propertyTable(`Network ${architecture.name}`, {
      image: formatShape(architecture.input),
      cells: architecture.stack.filter(({ kind }) => kind === "cell").length,
      parameters: formatCount(cost.params),
      MACs: formatCount(cost.macs),
    });
    return showTogether(summary, this.diagram());
  }
}

/**
 * A network of cells by a preset's name ("darts-v2", "nas-bench-201/334133") or as data.
 * @throws SpaceError for an unknown name or a malformed network, ConfigError for anything else.
 */
export function labCells(source: string | CellArchitecture): LabCells {
  if (typeof source === "string") return new LabCells(cellPreset(source));
  if (meansCells(source)) return new LabCells(parseCellArchitecture(source, "lab.cells"));
  throw new ConfigError(
    `lab.cells: it must be the name of a network of cells, e.g. lab.cells("darts-v2"), or one as data with kind "cells", got ${JSON.stringify(source)?.slice(0, 80)}`,
  );
}
