import { checkOptions, type OptionRules, type Rng, rule, SpaceError } from "../../core";
import { checkValues } from "../chain-space";
import type { Gene, Space } from "../space";
import { cellKey } from "./canonical";
import { checkCellOp } from "./ops";
import type { CellPair, DartsScale } from "./presets/darts";
import { checkDartsScale, dartsNetwork } from "./presets/darts";
import type { CellArchitecture, CellEdge, CellGraph, CellOp } from "./types";

export interface CellPairOptions {
  readonly name: string;
  readonly ops: readonly CellOp[];
  /** Nodes of a cell, each the sum of two operations. */
  readonly nodes: number;
  /**
   * What node b (from 0) may read. "every state": both inputs and all nodes before it (DARTS, EcoNAS). "one more each":
   * states 0 to b, so that the first node reads the cell before the last alone (EEEA-Net, equation 3).
   */
  readonly reads: "every state" | "one more each";
  readonly output: "unused" | "all";
  /** The network of a pair of cells. */
  readonly network: (cells: CellPair) => CellArchitecture;
}

/** Numbers and operations are checked with the space's name. */
const RULES: OptionRules<CellPairOptions> = {
  name: rule.text,
  ops: rule.list(rule.any, 0),
  nodes: rule.any,
  reads: rule.oneOf("every state", "one more each"),
  output: rule.oneOf("unused", "all"),
  network: { must: "a function of a pair of cells", holds: (value) => typeof value === "function" },
};

/** How many a space of cell pairs has, as they are written: equal cells in another order count again, as in the papers. */
export interface CellPairCount {
  readonly cells: bigint;
  readonly networks: bigint;
}

/** A space of a normal and a reduction cell. */
export interface CellPairSpace extends Required<Omit<Space<CellPair, CellArchitecture>, "extend">> {
  readonly ops: readonly CellOp[];
  count(): CellPairCount;
}

const CELLS = ["normal", "reduction"] as const;
const EDGES = 2;

/**
 * Pairs of cells as searchers see them: for every operation of every node, a gene for what it is and one for what it reads.
 * Keys are canonical (see {@link cellKey}): the order of operations and of nodes does not count.
 * @throws ConfigError when an option is not known, SpaceError when nodes or operations cannot be.
 */
export function cellPairSpace(options: CellPairOptions): CellPairSpace {
  checkOptions("cellPairSpace", options, RULES);
  const { name, ops, nodes, reads, output, network } = options;
  if (!Number.isSafeInteger(nodes) || nodes < 1 || nodes > 8) {
    throw new SpaceError(`${name}: nodes of a cell must be 1 to 8, got ${nodes}`);
  }
  if (ops.length === 0 || new Set(ops).size !== ops.length) {
    throw new SpaceError(`${name}: operations must be a list of different ones, got [${ops.join(", ")}]`);
  }
  for (const op of ops) checkCellOp(op, name);
  const states = (node: number) => (reads === "every state" ? node + 2 : node + 1);
  const ofCell = Array.from({ length: nodes }, (_, node) => node).flatMap((node) =>
    Array.from({ length: EDGES }, (_, edge) => ({ node, edge })),
  );
  const genes: Gene[] = CELLS.flatMap((cell) =>
    ofCell.flatMap(({ node, edge }) => [
      { name: `${cell}, node ${node + 2}, operation ${edge + 1}: op`, choices: ops.length },
      { name: `${cell}, node ${node + 2}, operation ${edge + 1}: reads`, choices: states(node) },
    ]),
  );
  const open = genes.flatMap(({ choices }, i) => (choices > 1 ? [i] : []));

  const decode = (values: readonly number[]): CellPair => {
    checkValues(name, values, genes);
    const [normal, reduction] = CELLS.map((_, cell): CellGraph => {
      const own = values.slice((cell * genes.length) / 2);
      const edge = (at: number): CellEdge => ({ op: ops[own[2 * at]], from: own[2 * at + 1] });
      return {
        inputs: 2,
        nodes: Array.from({ length: nodes }, (_, node) => [edge(EDGES * node), edge(EDGES * node + 1)]),
        output,
      };
    });
    return { normal, reduction };
  };
  const encode = (pair: CellPair): number[] => {
    const values = CELLS.flatMap((cell) =>
      pair[cell].nodes.flatMap((edges) => edges.flatMap(({ op, from }) => [ops.indexOf(op), from])),
    );
    checkValues(name, values, genes);
    return values;
  };
  const key = ({ normal, reduction }: CellPair) => `${cellKey(normal)}||${cellKey(reduction)}`;
  const changed = (values: readonly number[], gene: number, by: number) =>
    values.map((value, i) => (i === gene ? (value + by) % genes[i].choices : value));

  return {
    name,
    ops,
    genes,
    encode,
    decode,
    key,
    sample: (rng) => decode(genes.map(({ choices }) => rng.int(choices))),
    mutate(pair, rng) {
      const values = encode(pair);
      const same = key(pair);
      const tried = (gene: number, by: number) => {
        const child = decode(changed(values, gene, by));
        return key(child) === same ? undefined : child;
      };
      // A change may give the same cell in another order: then another is drawn.
      for (let attempt = 0; attempt < 32 && open.length > 0; attempt++) {
        const gene = rng.pick(open);
        const child = tried(gene, 1 + rng.int(genes[gene].choices - 1));
        if (child) return child;
      }
      const all = open.flatMap((gene) => Array.from({ length: genes[gene].choices - 1 }, (_, by) => [gene, by + 1]));
      return firstOf(all, ([gene, by]) => tried(gene, by)) ?? pair;
    },
    crossover: (a, b, rng) => crossed(encode(a), encode(b), rng, decode),
    architecture: network,
    count() {
      const cells = genes.slice(0, genes.length / 2).reduce((product, { choices }) => product * BigInt(choices), 1n);
      return { cells, networks: cells * cells };
    },
  };
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function crossed<A>(a: readonly number[], b: readonly number[], rng: Rng, decode: (values: readonly number[]) => A): A {
  return decode(a.map((value, i) => (rng.uniform() < 0.5 ? value : b[i])));
}

/** Operations that a network of DARTS' space may have (Liu et al., ICLR 2019). */
export const DARTS_OPS: readonly CellOp[] = ["max3", "avg3", "skip", "sep3", "sep5", "dil3", "dil5"];
/** EcoNAS' (Zhou et al., CVPR 2020): DARTS' and zeros. */
export const ECONAS_OPS: readonly CellOp[] = ["none", ...DARTS_OPS];
/** EEEA-Net's nine (Termritthikun et al., 2021, table 2). */
export const EEEA_OPS: readonly CellOp[] = ["max3", "avg3", "sep3", "sep5", "dil3", "dil5", "inv3", "inv5", "skip"];

const SEARCHED: DartsScale = { channels: 16, layers: 8 };

/** DARTS' space, with any two states for a node (DARTS itself never takes one state twice). 8 cells of 16 channels unless given. */
export function dartsSpace(scale: DartsScale = SEARCHED): CellPairSpace {
  checkDartsScale("dartsSpace", scale);
  const [name, output] = ["darts", "all"] as const;
  const network = (cells: CellPair) => dartsNetwork(name, cells, scale);
  return cellPairSpace({ name, ops: DARTS_OPS, nodes: 4, reads: "every state", output, network });
}

/** EcoNAS' space: cells of four nodes, those that no other reads joined. */
export function econasSpace(scale: DartsScale = SEARCHED): CellPairSpace {
  checkDartsScale("econasSpace", scale);
  const [name, output] = ["econas", "unused"] as const;
  const network = (cells: CellPair) => dartsNetwork(name, cells, scale);
  return cellPairSpace({ name, ops: ECONAS_OPS, nodes: 4, reads: "every state", output, network });
}

/** EEEA-Net's space: cells of four blocks, 2.5e10 of them, the first block of which reads the cell before the last alone. */
export function eeeaSpace(scale: DartsScale = SEARCHED): CellPairSpace {
  checkDartsScale("eeeaSpace", scale);
  const [name, output] = ["eeea", "unused"] as const;
  const network = (cells: CellPair) => dartsNetwork(name, cells, scale);
  return cellPairSpace({ name, ops: EEEA_OPS, nodes: 4, reads: "one more each", output, network });
}
