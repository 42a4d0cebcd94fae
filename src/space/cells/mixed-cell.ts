import { checkOptions, type OptionRules, rule, SpaceError } from "../../core";
import { checkCellOp } from "./ops";
import type { CellEdge, CellGraph, CellOp } from "./types";

/** A cell of which every edge is a mixture of all operations (DARTS, section 2.2). */
export interface MixedCell {
  /** Of every edge; "none" is a choice, though it computes nothing. */
  readonly ops: readonly CellOp[];
  /** Nodes between the two inputs and the output; each reads every state before it. */
  readonly nodes: number;
}

const RULES: OptionRules<MixedCell> = { ops: rule.list(rule.text), nodes: rule.wholeFrom(1) };

/** @throws ConfigError or SpaceError unless there are two different operations or more, one of them not "none". */
export function checkMixedCell(cell: MixedCell, where: string): void {
  checkOptions(where, cell, RULES);
  const { ops = [], nodes = null } = cell;
  checkOptions(where, { nodes }, { nodes: RULES.nodes });
  for (const op of ops) checkCellOp(op, where);
  if (new Set(ops).size === ops.length && ops.length >= 2) return;
  throw new SpaceError(`${where}: ops must be at least two different operations, got [${ops.join(", ")}]`);
}

/** How many edges a mixed cell has: node i reads i + 2 states. */
export function mixedEdges({ nodes }: MixedCell): number {
  return (nodes * (nodes + 3)) / 2;
}

/** Operations of a mixed edge that compute something, with their places among all. */
export function computedOps({ ops }: MixedCell): { readonly op: CellOp; readonly place: number }[] {
  return ops.flatMap((op, place) => (op === "none" ? [] : [{ op, place }]));
}

/** The graph of a mixed cell: every computed operation on every edge, node by node, state by state. It joins all nodes. */
export function mixedGraph(cell: MixedCell): CellGraph {
  checkMixedCell(cell, "mixedGraph");
  const nodes = Array.from({ length: cell.nodes }, (_, node) =>
    Array.from({ length: node + 2 }, (_, from) => computedOps(cell).map(({ op }): CellEdge => ({ op, from }))).flat(),
  );
  return { inputs: 2, nodes, output: "all" };
}

/** Operations that a node keeps. */
const KEPT = 2;

/**
 * The cell that a mixture comes to (DARTS, section 2.4): of each edge its strongest operation but "none", of each node the two
 * edges whose operations are the strongest; of equal ones the first.
 * @param weights Softmax of the architecture parameters, `[edges][ops]`; edges node by node, state by state.
 * @throws SpaceError when weights are of another number, or not finite.
 */
export function discretised(weights: readonly (readonly number[])[], cell: MixedCell): CellGraph {
  checkMixedCell(cell, "discretised");
  const edges = mixedEdges(cell);
  const fits = weights.length === edges && weights.every((row) => row.length === cell.ops.length);
  if (!fits || !weights.flat().every(Number.isFinite)) {
    throw new SpaceError(
      `discretised: weights must be ${edges} edges of ${cell.ops.length} finite numbers, got ${weights.length} of ${weights[0]?.length}${fits ? " with some that are not finite" : ""}`,
    );
  }
  let first = 0;
  const nodes = Array.from({ length: cell.nodes }, (_, node) => {
    const own = Array.from({ length: node + 2 }, (_, from) => {
      const row = weights[first + from];
      const best = computedOps(cell).reduce((a, b) => (row[b.place] > row[a.place] ? b : a));
      return { op: best.op, from, weight: row[best.place] };
    });
    first += node + 2;
    const strongest = own.sort((a, b) => b.weight - a.weight || a.from - b.from).slice(0, KEPT);
    return strongest.map(({ op, from }): CellEdge => ({ op, from }));
  });
  return { inputs: 2, nodes, output: "all" };
}
