import type { Rng } from "../../core";
import {
  type CellArchitecture,
  checkValues,
  type Gene,
  NAS_BENCH_201_EDGES,
  NAS_BENCH_201_OPS,
  nasBench201,
  type Space,
} from "../../space";
import { ECONAS_SETTINGS } from "./settings";

/** A space whose networks can all be trained. */
export interface SmallCellSpace extends Required<Omit<Space<string, CellArchitecture>, "extend">> {
  /** One key a network. */
  readonly networks: readonly string[];
}

/**
 * NAS-Bench-201's cells of some of its operations, by their six digits. Cells that compute the same (a skip passes on, an edge
 * from nothing or into nothing is none, order does not count) are one network here, unlike in the benchmark: its key is the
 * first of theirs.
 */
export function smallCellSpace(ops: readonly number[] = ECONAS_SETTINGS.ops): SmallCellSpace {
  const genes = NAS_BENCH_201_EDGES.map(
    ([from, to]): Gene => ({ name: `edge ${from} to ${to}: op`, choices: ops.length }),
  );
  const decode = (values: readonly number[]) => {
    checkValues("econas-small", values, genes);
    return values.map((value) => ops[value]).join("");
  };
  const encode = (cell: string) => Array.from(cell, (digit) => ops.indexOf(Number(digit)));
  const first = new Map<string, string>();
  for (const values of allValues(genes)) {
    const cell = decode(values);
    const what = computed(cell);
    if (!first.has(what)) first.set(what, cell);
  }
  const key = (cell: string) => first.get(computed(cell))!;
  const changed = (cell: string, edge: number, op: number) => `${cell.slice(0, edge)}${op}${cell.slice(edge + 1)}`;
  return {
    name: "econas-small",
    networks: [...first.values()],
    genes,
    encode,
    decode,
    key,
    sample: (rng: Rng) => decode(genes.map(({ choices }) => rng.int(choices))),
    mutate(cell, rng) {
      const others = genes.flatMap((_, edge) => ops.map((op) => changed(cell, edge, op)));
      const own = key(cell);
      const children = others.filter((other) => key(other) !== own);
      return children.length > 0 ? rng.pick(children) : cell;
    },
    crossover: (a, b, rng) => Array.from(a, (digit, edge) => (rng.uniform() < 0.5 ? digit : b[edge])).join(""),
    architecture: (cell) => smallEconasNetwork(key(cell)),
  };
}

/**
 * A network that trains in seconds, with images of any size: a strided stem, then the cell several times at one width and
 * resolution. The benchmark's own reduces twice, in blocks that want sides that halve evenly.
 */
export function smallEconasNetwork(cell: string): CellArchitecture {
  const { channels, cells } = ECONAS_SETTINGS.network;
  const network = nasBench201(cell, { channels, cells, input: { height: 28, width: 28, channels: 1 } });
  return {
    ...network,
    name: `econas-small/${cell}`,
    stem: { ...network.stem, stride: 2 },
    stack: network.stack.slice(0, cells),
  };
}

function* allValues(genes: readonly Gene[]): Generator<number[]> {
  const values = genes.map(() => 0);
  for (;;) {
    yield [...values];
    let gene = genes.length - 1;
    while (gene >= 0 && ++values[gene] === genes[gene].choices) values[gene--] = 0;
    if (gene < 0) return;
  }
}

/** What a cell computes of its input "x", as text; "0" where nothing reaches its output. */
function computed(cell: string): string {
  const states = ["x"];
  for (const state of [1, 2, 3]) {
    const terms = NAS_BENCH_201_EDGES.flatMap(([from, to], edge) => {
      const op = NAS_BENCH_201_OPS[Number(cell[edge])];
      if (to !== state || op === "none" || states[from] === "0") return [];
      return [op === "skip" ? states[from] : `${op}(${states[from]})`];
    });
    states.push(terms.length === 0 ? "0" : terms.length === 1 ? terms[0] : `[${terms.sort().join("+")}]`);
  }
  return states[3];
}
