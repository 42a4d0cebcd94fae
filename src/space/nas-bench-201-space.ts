import { SpaceError } from "../core";
import { checkValues } from "./chain-space";
import type { Gene, Space } from "./space";

/** The six edges of a cell, from node to node; node 0 is the input, node 3 the output. */
export const NAS_BENCH_201_EDGES: readonly (readonly [number, number])[] = [
  [0, 1],
  [0, 2],
  [1, 2],
  [0, 3],
  [1, 3],
  [2, 3],
];

/** What an edge may be, by digit. */
export const NAS_BENCH_201_OPS = ["none", "skip", "conv-1x1", "conv-3x3", "average-pool-3x3"] as const;

/** One edge of a cell: `[from, to, op]`. */
export type NasBench201Edge = readonly [from: number, to: number, op: (typeof NAS_BENCH_201_OPS)[number]];

/**
 * NAS-Bench-201 (Dong and Yang, ICLR 2020) as searchers see it: a cell is its key of six digits, one an edge in the order of
 * {@link NAS_BENCH_201_EDGES}, each an op of {@link NAS_BENCH_201_OPS}; 15,625 cells. Cells that compute the same (an edge
 * into a node that nothing leaves, say) are different ones, as in the benchmark.
 */
export function nasBench201Cells(): Required<Omit<Space<string, readonly NasBench201Edge[]>, "extend">> {
  const ops = NAS_BENCH_201_OPS.length;
  const genes = NAS_BENCH_201_EDGES.map(([from, to]): Gene => ({ name: `edge ${from} to ${to}: op`, choices: ops }));
  return {
    name: "nas-bench-201",
    genes,
    sample: (rng) => genes.map(() => rng.int(ops)).join(""),
    mutate(cell, rng) {
      const edge = rng.int(genes.length);
      const op = (Number(cell[edge]) + 1 + rng.int(ops - 1)) % ops;
      return `${cell.slice(0, edge)}${op}${cell.slice(edge + 1)}`;
    },
    crossover: (a, b, rng) => genes.map((_, edge) => (rng.uniform() < 0.5 ? a : b)[edge]).join(""),
    encode: (cell) => Array.from(cell, Number),
    decode(values) {
      checkValues("nas-bench-201", values, genes);
      return values.join("");
    },
    key: (cell) => cell,
    architecture: nasBench201Edges,
  };
}

/** The edges of a cell. @throws SpaceError for anything but six digits of 0..4. */
export function nasBench201Edges(key: string): readonly NasBench201Edge[] {
  if (!/^[0-4]{6}$/.test(key)) {
    throw new SpaceError(`nas-bench-201: a cell's key is six digits of 0..4, got ${JSON.stringify(key)}`, { key });
  }
  return NAS_BENCH_201_EDGES.map(([from, to], edge) => [from, to, NAS_BENCH_201_OPS[Number(key[edge])]]);
}
