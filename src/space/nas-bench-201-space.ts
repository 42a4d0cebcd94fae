import { type CellArchitecture, NAS_BENCH_201_EDGES, NAS_BENCH_201_OPS, nasBench201 } from "./cells";
import { checkValues } from "./chain-space";
import type { Gene, Space } from "./space";

/**
 * NAS-Bench-201 (Dong and Yang, ICLR 2020) as searchers see it: a cell is its key of six digits, one an edge in the order of
 * {@link NAS_BENCH_201_EDGES}, each an op of {@link NAS_BENCH_201_OPS}; 15,625 cells. Cells that compute the same (an edge
 * into a node that nothing leaves, say) are different ones, as in the benchmark.
 */
export function nasBench201Cells(): Required<Omit<Space<string, CellArchitecture>, "extend">> {
  const ops = NAS_BENCH_201_OPS.length;
  const genes = NAS_BENCH_201_EDGES.map(([from, to]): Gene => ({ name: `edge ${from} to ${to}: op`, choices: ops }));
  const edges = genes.length;
  return {
    name: "nas-bench-201",
    genes,
    sample(rng) {
      let cell = "";
      for (let edge = 0; edge < edges; edge++) cell += rng.int(ops);
      return cell;
    },
    mutate(cell, rng) {
      const edge = rng.int(edges);
      const op = (Number(cell[edge]) + 1 + rng.int(ops - 1)) % ops;
      return `${cell.slice(0, edge)}${op}${cell.slice(edge + 1)}`;
    },
    crossover(a, b, rng) {
      let cell = "";
      for (let edge = 0; edge < edges; edge++) cell += (rng.uniform() < 0.5 ? a : b)[edge];
      return cell;
    },
    encode: (cell) => Array.from(cell, Number),
    decode(values) {
      checkValues("nas-bench-201", values, genes);
      return values.join("");
    },
    key: (cell) => cell,
    architecture: (cell) => nasBench201(cell),
  };
}
