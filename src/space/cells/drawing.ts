import { formatCell, outputStates } from "./graph";
import { cellOpParts, cellOpWords } from "./ops";
import type { CellArchitecture, CellGraph } from "./types";

/** A cell as its figure takes it: plain records, with words for the mouse. */
export function cellDrawing(name: string, cell: CellGraph) {
  return {
    name,
    inputs: cell.inputs,
    nodes: cell.nodes.map((edges) =>
      edges.map(({ op, from }) => ({ kind: cellOpParts(op).kind, label: op, words: cellOpWords(op), from })),
    ),
    joined: outputStates(cell),
  };
}

/** The cells of a network as their figure takes them. */
export function cellDrawings({ cells }: Pick<CellArchitecture, "cells">): ReturnType<typeof cellDrawing>[] {
  return Object.entries(cells).map(([name, cell]) => cellDrawing(name, cell));
}

/** A line a cell: "normal: sep3(0)+sep3(1) | ...". */
export function cellWords({ cells }: Pick<CellArchitecture, "cells">): string[] {
  return Object.entries(cells).map(([name, cell]) => `${name}: ${formatCell(cell)}`);
}
