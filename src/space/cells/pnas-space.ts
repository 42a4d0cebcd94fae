import { checkOptions, type OptionRules, type Rng, rule, SpaceError } from "../../core";
import { checkValues } from "../chain-space";
import type { Gene, Space } from "../space";
import { canonicalCell, cellKey } from "./canonical";
import { checkCellOp } from "./ops";
import { checkPnasScale, type PnasScale, pnasNetwork } from "./presets/pnasnet";
import type { CellArchitecture, CellEdge, CellGraph, CellNode, CellOp } from "./types";

/** PNAS' eight operations (Liu et al., ECCV 2018, section 3.1). */
export const PNAS_OPS: readonly CellOp[] = ["sep3", "sep5", "sep7", "asym7", "skip", "avg3", "max3", "dil3"];

export interface PnasOptions {
  readonly name?: string;
  /** The paper's eight unless given. */
  readonly ops?: readonly CellOp[];
  /** Blocks of a complete cell. Five unless given, as in the paper. */
  readonly blocks?: number;
  readonly output?: "unused" | "all";
  readonly network: (cell: CellGraph) => CellArchitecture;
}

/** Numbers and operations are checked with the space's name. */
const RULES: OptionRules<PnasOptions> = {
  name: rule.text,
  ops: rule.list(rule.any, 0),
  blocks: rule.any,
  output: rule.oneOf("unused", "all"),
  network: { must: "a function of a cell", holds: (value) => typeof value === "function" },
};

/** How many ways there are for the block at one place of a cell. */
export interface PnasBlockCount {
  /** States that it may read. */
  readonly states: number;
  /** Ordered: (states x ops)^2. */
  readonly encodings: bigint;
  /** Different ones: the order of the two operations does not count. */
  readonly unique: bigint;
}

/** Cells of one to so many blocks, which grow block by block. */
export interface PnasSpace extends Required<Space<CellGraph, CellArchitecture>> {
  readonly ops: readonly CellOp[];
  /** Blocks of a complete cell. */
  readonly blocks: number;
  /** All different cells of one block: where growing begins. */
  smallest(): CellGraph[];
  /** A random cell of so many blocks. */
  sampleOf(blocks: number, rng: Rng): CellGraph;
  /** Of each place, first to last. */
  count(): PnasBlockCount[];
}

/** All different blocks of a place that may read so many states: unordered pairs of operations with what they read. */
export function pnasBlocks(ops: readonly CellOp[], states: number): CellNode[] {
  const edges = Array.from({ length: states }, (_, from) => from).flatMap((from) =>
    ops.map((op): CellEdge => ({ op, from })),
  );
  return edges.flatMap((left, i) => edges.slice(i).map((right): CellNode => [left, right]));
}

/**
 * PNAS' space as searchers see it: one kind of cell, whose block is the sum of two operations on any two states before it.
 * `sample` draws complete cells, `extend` adds a block in every different way, and the genes are those of a complete cell.
 * @throws ConfigError when an option is not known; SpaceError when blocks or operations cannot be, and by `encode`, `mutate` and `crossover` for a cell that is none of the space.
 */
export function pnasSpace(options: PnasOptions): PnasSpace {
  checkOptions("pnasSpace", options, RULES);
  const { name = "pnas", ops = PNAS_OPS, blocks = 5, output = "unused", network } = options;
  if (!Number.isSafeInteger(blocks) || blocks < 1 || blocks > 8) {
    throw new SpaceError(`${name}: blocks must be 1 to 8, got ${blocks}`);
  }
  if (ops.length === 0 || new Set(ops).size !== ops.length) {
    throw new SpaceError(`${name}: operations must be a list of different ones, got [${ops.join(", ")}]`);
  }
  for (const op of ops) checkCellOp(op, name);
  const genesOf = (count: number): Gene[] =>
    Array.from({ length: count }, (_, block) => block).flatMap((block) =>
      [1, 2].flatMap((edge) => [
        { name: `block ${block + 2}, operation ${edge}: op`, choices: ops.length },
        { name: `block ${block + 2}, operation ${edge}: reads`, choices: block + 2 },
      ]),
    );
  const genes = genesOf(blocks);

  const cellOf = (nodes: readonly CellNode[]): CellGraph => ({ inputs: 2, nodes, output });
  const built = (values: readonly number[]): CellGraph => {
    const edge = (at: number): CellEdge => ({ op: ops[values[2 * at]], from: values[2 * at + 1] });
    return cellOf(Array.from({ length: values.length / 4 }, (_, block) => [edge(2 * block), edge(2 * block + 1)]));
  };
  const valuesOf = (cell: CellGraph): number[] => {
    const values = cell.nodes.flatMap((edges) => edges.flatMap(({ op, from }) => [ops.indexOf(op), from]));
    checkValues(name, values, genesOf(cell.nodes.length));
    return values;
  };
  const random = (of: readonly Gene[], rng: Rng) => built(of.map(({ choices }) => rng.int(choices)));

  return {
    name,
    ops,
    blocks,
    genes,
    sample: (rng) => random(genes, rng),
    sampleOf: (count, rng) => {
      if (!Number.isSafeInteger(count) || count < 1 || count > blocks) {
        throw new SpaceError(`${name}: a cell has 1 to ${blocks} blocks, got ${count}`);
      }
      return random(genesOf(count), rng);
    },
    smallest: () => pnasBlocks(ops, 2).map((block) => canonicalCell(cellOf([block]))),
    *extend(cell) {
      if (cell.nodes.length >= blocks) return;
      const seen = new Set<string>();
      for (const block of pnasBlocks(ops, cell.nodes.length + 2)) {
        const grown = cellOf([...cell.nodes, block]);
        const key = cellKey(grown);
        if (seen.has(key)) continue;
        seen.add(key);
        yield canonicalCell(grown);
      }
    },
    mutate(cell, rng) {
      const values = valuesOf(cell);
      const own = genesOf(cell.nodes.length);
      const same = cellKey(cell);
      const open = own.flatMap(({ choices }, i) => (choices > 1 ? [i] : []));
      // Every cell has neighbours: the other input of its last block is always another cell.
      for (;;) {
        const gene = rng.pick(open);
        const by = 1 + rng.int(own[gene].choices - 1);
        const child = built(values.map((value, i) => (i === gene ? (value + by) % own[i].choices : value)));
        if (cellKey(child) !== same) return child;
      }
    },
    crossover(a, b, rng) {
      const [left, right] = [valuesOf(a), valuesOf(b)];
      return built(left.map((value, i) => (i >= right.length || rng.uniform() < 0.5 ? value : right[i])));
    },
    encode(cell) {
      if (cell.nodes.length === blocks) return valuesOf(cell);
      throw new SpaceError(`${name}: genes are those of a complete cell of ${blocks} blocks, got ${cell.nodes.length}`);
    },
    decode(values) {
      checkValues(name, values, genes);
      return built(values);
    },
    key: cellKey,
    architecture: network,
    count: () =>
      Array.from({ length: blocks }, (_, block) => {
        const states = block + 2;
        return {
          states,
          encodings: BigInt(states * ops.length) ** 2n,
          unique: BigInt(pnasBlocks(ops, states).length),
        };
      }),
  };
}

/** PNAS' space with networks of its design: N 2 and F 24 unless given, those that were trained in the paper's search. */
export function pnasCellSpace(
  scale: PnasScale = { repeats: 2, channels: 24 },
  options: Omit<PnasOptions, "network"> = {},
): PnasSpace {
  checkPnasScale("pnasCellSpace", scale);
  const { network: _, ...rules } = RULES;
  checkOptions("pnasCellSpace", options, rules);
  const name = options.name ?? "pnas";
  return pnasSpace({ ...options, network: (cell) => pnasNetwork(name, cell, scale) });
}
