import type { TableEvaluator } from "../../evaluate";
import type { GrowingSpace } from "../../search";
import { cellKey, NAS_BENCH_201_OPS } from "../../space";
import { blocksOfKey, cellOfKey, tableSpace } from "./table-space";

/**
 * PNAS' cells as far as a table has them: an extension that was not trained is none here. By keys, as the table is looked up.
 */
export function tableGrowth({ entries }: TableEvaluator): GrowingSpace<string> {
  const space = tableSpace();
  const known = new Map<string, readonly string[]>();
  return {
    name: "pnas-table",
    key: (key) => key,
    smallest: () => [...entries.keys()].filter((key) => blocksOfKey(key) === 1),
    extend(key) {
      const found =
        known.get(key) ?? Array.from(space.extend(cellOfKey(key)), cellKey).filter((larger) => entries.has(larger));
      known.set(key, found);
      return found;
    },
  };
}

const OPS = NAS_BENCH_201_OPS.map((_, op) => String(op));
const NONE = "0";

/** Places of a key's edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3. */
const [TO_FIRST, TO_SECOND, BETWEEN, ACROSS, FROM_FIRST, FROM_SECOND] = [0, 1, 2, 3, 4, 5];
/** The edges that each size adds: input to output alone, then one node between them, then the other. */
const GROWTH = [[ACROSS], [TO_FIRST, FROM_FIRST], [TO_SECOND, BETWEEN, FROM_SECOND]];

/** How many of the three steps the cell of a key has: its size is that of the last step of which an edge is not "none". */
export function sizeOf201(key: string): number {
  const last = GROWTH.map((edges) => edges.some((edge) => key[edge] !== NONE)).lastIndexOf(true);
  return Math.max(1, last + 1);
}

/**
 * NAS-Bench-201 as a space that grows, which is ours (the benchmark's cells are all of one size): from the five cells that
 * have no more than the edge from input to output, node by node, each with all its edges; edges that are not there yet are
 * "none". Each size is in the table. Of the 15,625 cells, 620 are not reached: those whose first node has no edge to input
 * or output, while the second one has edges.
 */
export function nasBench201Growth(): GrowingSpace<string> {
  return {
    name: "nas-bench-201-growth",
    key: (key) => key,
    smallest: () => OPS.map((op) => withOps("000000", [ACROSS], [op])),
    *extend(key) {
      const edges = GROWTH[sizeOf201(key)];
      if (!edges) return;
      for (const ops of product(edges.length)) {
        if (ops.some((op) => op !== NONE)) yield withOps(key, edges, ops);
      }
    },
  };
}

function withOps(key: string, edges: readonly number[], ops: readonly string[]): string {
  return Array.from(key, (op, edge) => ops[edges.indexOf(edge)] ?? op).join("");
}

/** All lists of so many ops. */
function product(length: number): string[][] {
  return length === 0 ? [[]] : product(length - 1).flatMap((ops) => OPS.map((op) => [...ops, op]));
}
