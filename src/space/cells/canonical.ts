import { outputStates } from "./graph";
import type { CellGraph, CellNode } from "./types";

/**
 * The same cell with its nodes in the one order, and their operations in the one order, that all cells have which differ from
 * it in nothing else: of the orders in which every node comes after what it reads, the alphabetically first.
 *
 * Of cells whose output joins all or the unused nodes, equal ones compute the same up to the order of the output's channels.
 */
export function canonicalCell(cell: CellGraph): CellGraph {
  return canonical(cell).cell;
}

/** Text that two cells share exactly when they are one and the same but for the order of nodes and of operations. */
export function cellKey(cell: CellGraph): string {
  return canonical(cell).lines.join("|");
}

interface Ordered {
  readonly cell: CellGraph;
  readonly lines: readonly string[];
}

function canonical(cell: CellGraph): Ordered {
  const { inputs, nodes } = cell;
  const joined = new Set(outputStates(cell));
  const isRead = new Set(nodes.flat().map(({ from }) => from));
  let best: { lines: string[]; order: number[] } | undefined;

  /** Nodes by number in `order`; `places` has the new state of each old one. */
  const place = (order: readonly number[], places: ReadonlyMap<number, number>, lines: readonly string[]): void => {
    if (order.length === nodes.length) {
      if (!best || lines.join("|") < best.lines.join("|")) best = { lines: [...lines], order: [...order] };
      return;
    }
    const ready = nodes.flatMap((node, i) => {
      if (places.has(inputs + i) || node.some(({ from }) => !places.has(from))) return [];
      return [{ i, line: written(node, places) + (joined.has(inputs + i) ? "*" : "") }];
    });
    const [first] = ready.map(({ line }) => line).sort();
    const equal = ready.filter(({ line }) => line === first);
    // Equal nodes that no other reads may be exchanged: one order of them is enough.
    const unread = equal.find(({ i }) => !isRead.has(inputs + i));
    for (const { i, line } of equal) {
      if (unread ? i !== unread.i : false) continue;
      place([...order, i], new Map([...places, [inputs + i, inputs + order.length]]), [...lines, line]);
    }
  };
  place([], new Map(Array.from({ length: inputs }, (_, state) => [state, state])), []);
  const { order, lines } = best!;
  const states = new Map([
    ...Array.from({ length: inputs }, (_, state): [number, number] => [state, state]),
    ...order.map((node, i): [number, number] => [inputs + node, inputs + i]),
  ]);
  return {
    lines,
    cell: {
      inputs,
      nodes: order.map((node) => sortedEdges(nodes[node], states)),
      output:
        typeof cell.output === "string"
          ? cell.output
          : cell.output.map((state) => states.get(state)!).sort((a, b) => a - b),
    },
  };
}

function sortedEdges(node: CellNode, places: ReadonlyMap<number, number>): CellNode {
  const edges = node.map(({ op, from }) => ({ op, from: places.get(from)! }));
  return edges.sort((a, b) => (`${a.op}(${a.from})` < `${b.op}(${b.from})` ? -1 : 1));
}

function written(node: CellNode, places: ReadonlyMap<number, number>): string {
  return sortedEdges(node, places)
    .map(({ op, from }) => `${op}(${from})`)
    .join("+");
}
