import { checkOptions, type OptionRules, Rng, rule, SpaceError } from "../../core";
import { checkValues } from "../chain-space";
import type { Gene, Space } from "../space";
import { cellKey } from "./canonical";
import { checkCellOp } from "./ops";
import type { CellPair } from "./presets/darts";
import type { CellArchitecture, CellEdge, CellGraph, CellOp } from "./types";

export interface EdgeSpaceOptions {
  readonly name: string;
  /** "none" must be among them: it is how an edge is left out. */
  readonly ops: readonly CellOp[];
  /** Nodes of a cell, each the sum of two edges. */
  readonly nodes: number;
  /** The network of a pair of cells. */
  readonly network: (cells: CellPair) => CellArchitecture;
}

const RULES: OptionRules<EdgeSpaceOptions> = {
  name: rule.text,
  ops: rule.list(rule.any, 0),
  nodes: rule.any,
  network: { must: "a function of a pair of cells", holds: (value) => typeof value === "function" },
};

const CELLS = ["normal", "reduction"] as const;
const EDGES = 2;

/**
 * Pairs of cells as CSNAS encodes them: a gene for every edge of the complete graph, which is its operation (Nguyen and Chang,
 * arXiv 2102.10557, section 3.3). How two edges a node are chosen of them follows the released code, whose weights of an edge
 * are all equal but "none"'s: the two edges from the *lowest-numbered* states that are not "none" win. Where a node has fewer,
 * edges that are "none" fill it up, with operations that noise decides there; here a stream that the genes seed, so that equal
 * genes give equal cells. Most edges of a code therefore mean nothing, and later states are seldom read.
 * @throws ConfigError when an option is not known, SpaceError when nodes or operations cannot be.
 */
export function edgeSpace(options: EdgeSpaceOptions): Required<Omit<Space<CellPair, CellArchitecture>, "extend">> {
  checkOptions("edgeSpace", options, RULES);
  const { name, ops, nodes, network } = options;
  if (!Number.isSafeInteger(nodes) || nodes < 1 || nodes > 8) {
    throw new SpaceError(`${name}: nodes of a cell must be 1 to 8, got ${nodes}`);
  }
  for (const op of ops) checkCellOp(op, name);
  const none = ops.indexOf("none");
  const others = ops.flatMap((op, i) => (op === "none" ? [] : [i]));
  if (none < 0 || others.length === 0 || new Set(ops).size !== ops.length) {
    throw new SpaceError(
      `${name}: operations must be different, "none" and at least one more, got [${ops.join(", ")}]`,
    );
  }
  // Of each node, where its edges begin among a cell's genes.
  const starts = Array.from({ length: nodes + 1 }, (_, node) => (node * (node + 3)) / 2);
  const own = starts[nodes];
  const genes: Gene[] = CELLS.flatMap((cell) =>
    Array.from({ length: nodes }, (_, node) => node).flatMap((node) =>
      Array.from({ length: node + 2 }, (_, from) => ({
        name: `${cell}, node ${node + 2}, edge from ${from}: op`,
        choices: ops.length,
      })),
    ),
  );

  const nodeOf = (values: readonly number[], rng: Rng): CellEdge[] => {
    const states = values.map((_, from) => from);
    const kept = states.filter((from) => values[from] !== none).slice(0, EDGES);
    const filled = states.filter((from) => values[from] === none).slice(0, EDGES - kept.length);
    const edge = (from: number) => ({ from, op: ops[values[from] === none ? rng.pick(others) : values[from]] });
    return [...kept, ...filled].sort((a, b) => a - b).map(edge);
  };
  const decode = (values: readonly number[]): CellPair => {
    checkValues(name, values, genes);
    const [normal, reduction] = CELLS.map((cell, i): CellGraph => {
      const code = values.slice(i * own, (i + 1) * own);
      const rng = new Rng(1).fork(`${cell} ${code.join(",")}`);
      return {
        inputs: 2,
        nodes: Array.from({ length: nodes }, (_, node) => nodeOf(code.slice(starts[node], starts[node + 1]), rng)),
        output: "all",
      };
    });
    return { normal, reduction };
  };
  const encode = (pair: CellPair): number[] => {
    const values = CELLS.flatMap((cell) =>
      pair[cell].nodes.flatMap((edges, node) =>
        Array.from({ length: node + 2 }, (_, state) => {
          const found = edges.find(({ from }) => from === state);
          return found === undefined ? none : ops.indexOf(found.op);
        }),
      ),
    );
    checkValues(name, values, genes);
    return values;
  };
  const key = ({ normal, reduction }: CellPair) => `${cellKey(normal)}||${cellKey(reduction)}`;
  return {
    name,
    genes,
    encode,
    decode,
    key,
    sample: (rng) => decode(genes.map(({ choices }) => rng.int(choices))),
    mutate(pair, rng) {
      const values = encode(pair);
      const same = key(pair);
      // Most changes mean nothing: all are tried, in a random order.
      const changes = genes.flatMap(({ choices }, gene) =>
        Array.from({ length: choices - 1 }, (_, by) => ({ gene, by: by + 1 })),
      );
      for (const at of rng.permutation(changes.length)) {
        const { gene, by } = changes[at];
        const child = decode(values.map((value, i) => (i === gene ? (value + by) % genes[i].choices : value)));
        if (key(child) !== same) return child;
      }
      return pair;
    },
    crossover(a, b, rng) {
      const [mine, theirs] = [encode(a), encode(b)];
      return decode(mine.map((value, i) => (rng.int(2) === 0 ? value : theirs[i])));
    },
    architecture: network,
  };
}
