import { checkOptions, type OptionRules, rule, SpaceError, shown } from "../../core";
import { checkCellOp } from "./ops";
import type { CellEdge, CellGraph } from "./types";

/** States that the output of a cell joins, in order: the numbers of nodes. */
export function outputStates({ inputs, nodes, output }: CellGraph): number[] {
  if (output !== "unused" && output !== "all") return [...output];
  const all = nodes.map((_, i) => inputs + i);
  if (output === "all") return all;
  const read = new Set(nodes.flat().map(({ from }) => from));
  return all.filter((state) => !read.has(state));
}

const CELL_RULES: OptionRules<Omit<CellGraph, "nodes">> = {
  inputs: rule.wholeFrom(1),
  output: rule.either(rule.oneOf("unused", "all"), rule.list(rule.wholeFrom(0))),
};

/**
 * A cell in the papers' short form: nodes divided by "|", their operations by "+", each with the state that it reads:
 * `sep3(0)+max3(1) | skip(0)+sep3(2)`. States 0 and 1 are the outputs of the cell before the last and of the last.
 * @throws SpaceError naming the place where it does not read so, ConfigError when an option is not known.
 */
export function parseCell(text: string, options: Partial<Omit<CellGraph, "nodes">> = {}): CellGraph {
  checkOptions("parseCell", options, CELL_RULES);
  const { inputs = 2, output = "unused" } = options;
  const nodes = text.split("|").map((node, i) =>
    node.split("+").map((edge): CellEdge => {
      const match = /^\s*(\w+)\((\d+)\)\s*$/.exec(edge);
      const where = `parseCell: node ${inputs + i}`;
      if (!match) {
        throw new SpaceError(`${where}: must be operations with their states, sep3(0)+max3(1), got ${shown(edge)}`);
      }
      checkCellOp(match[1], where);
      return { op: match[1], from: Number(match[2]) };
    }),
  );
  const cell = { inputs, nodes, output };
  checkCell(cell, "parseCell");
  return cell;
}

/** The short form that {@link parseCell} reads. */
export function formatCell({ nodes }: CellGraph): string {
  return nodes.map((edges) => edges.map(({ op, from }) => `${op}(${from})`).join("+")).join(" | ");
}

/** Nodes of a cell, at most: more are a mistake. */
const MOST_NODES = 64;

/** @throws SpaceError when a node reads itself, a later one or nothing, or the output joins what is no node. */
export function checkCell({ inputs, nodes, output }: CellGraph, where: string): void {
  if (nodes.length === 0 || nodes.length > MOST_NODES) {
    throw new SpaceError(`${where}: a cell must have 1 to ${MOST_NODES} nodes, got ${nodes.length}`);
  }
  for (const [i, edges] of nodes.entries()) {
    const state = inputs + i;
    if (edges.length === 0) {
      throw new SpaceError(`${where}: node ${state} must have an operation, got none; one of zeros is "none"`);
    }
    for (const { op, from } of edges) {
      checkCellOp(op, `${where}: node ${state}`);
      if (Number.isSafeInteger(from) && from >= 0 && from < state) continue;
      throw new SpaceError(
        `${where}: node ${state} must read a state from 0 to ${state - 1} (the inputs are 0${inputs === 2 ? " and 1" : ""}), got ${op}(${from})`,
      );
    }
  }
  if (output === "unused" || output === "all") return;
  const last = inputs + nodes.length - 1;
  const odd = output.find(
    (state, i) => !Number.isSafeInteger(state) || state < inputs || state > last || output.indexOf(state) < i,
  );
  if (output.length === 0 || odd !== undefined) {
    throw new SpaceError(
      `${where}: output must be "unused", "all" or a list of nodes from ${inputs} to ${last}, each once, got ${shown(output)}`,
    );
  }
}
