import type { Rng } from "../../core";
import {
  type CellArchitecture,
  type CellEdge,
  type CellGraph,
  type CellOp,
  canonicalCell,
  cellKey,
  checkValues,
  edgeSpace,
  type Gene,
  type Space,
} from "../../space";
import type { CellCodeName } from "./settings";

/** A cell's code: what it is read as, and which networks there are. */
export interface CellCode extends Required<Omit<Space<CellGraph, CellArchitecture>, "extend">> {
  readonly code: CellCodeName;
}

export interface CellCodeOptions {
  readonly ops: readonly CellOp[];
  readonly nodes: number;
  readonly network: (cell: CellGraph) => CellArchitecture;
}

/**
 * Cells of nodes with two edges each, from different states: one cell is the whole network's, unlike the paper's pair, so that
 * all networks of a small space can be trained. Both codes reach the same cells.
 * - "released": a gene an edge, of which those from the lowest-numbered states win (see `edgeSpace`).
 * - "repaired": a gene for which two states a node reads, one for the operation of each edge; every gene says something.
 * @throws ConfigError, SpaceError as `edgeSpace`.
 */
export function cellCode(code: CellCodeName, options: CellCodeOptions): CellCode {
  // It checks operations and nodes for both.
  const edges = edgeSpace({
    name: "csnas",
    ops: options.ops,
    nodes: options.nodes,
    network: ({ normal }) => options.network(normal),
  });
  const own = code === "released" ? releasedCode(edges) : repairedCode(options);
  const { genes, decode, encode } = own;
  return {
    code,
    name: `csnas-${code}`,
    ...own,
    key: cellKey,
    sample: (rng) => decode(drawn(genes, rng)),
    mutate(cell, rng) {
      const values = encode(cell);
      const same = cellKey(cell);
      const changes = genes.flatMap(({ choices }, gene) =>
        Array.from({ length: choices - 1 }, (_, by) => ({ gene, by: by + 1 })),
      );
      // Changes that mean nothing, or the same cell in another order, are passed over.
      for (const at of rng.permutation(changes.length)) {
        const child = decode(changed(values, genes, changes[at].gene, changes[at].by));
        if (cellKey(child) !== same) return child;
      }
      return cell;
    },
    crossover(a, b, rng) {
      const [mine, theirs] = [encode(a), encode(b)];
      return decode(mine.map((value, i) => (rng.int(2) === 0 ? value : theirs[i])));
    },
    // Equal keys, equal networks: whichever code a cell was read from.
    architecture: (cell) => options.network(canonicalCell(cell)),
  };
}

type Coded = Pick<CellCode, "genes" | "decode" | "encode">;

/** The first half of the pair's genes, for both of its cells. */
function releasedCode(edges: ReturnType<typeof edgeSpace>): Coded {
  const genes = edges.genes
    .slice(0, edges.genes.length / 2)
    .map(({ name, choices }): Gene => ({ name: name.replace("normal, ", ""), choices }));
  return {
    genes,
    decode(values) {
      checkValues("csnas-released", values, genes);
      return edges.decode([...values, ...values]).normal;
    },
    encode: (cell) => edges.encode({ normal: cell, reduction: cell }).slice(0, genes.length),
  };
}

function repairedCode({ ops, nodes }: CellCodeOptions): Coded {
  const others: readonly CellOp[] = ops.filter((op) => op !== "none");
  const places = Array.from({ length: nodes }, (_, node) => node);
  const reads = places.map((node) => pairsOf(node + 2));
  const genes = places.flatMap((node): Gene[] => [
    { name: `node ${node + 2}: reads`, choices: reads[node].length },
    { name: `node ${node + 2}, first edge: op`, choices: others.length },
    { name: `node ${node + 2}, second edge: op`, choices: others.length },
  ]);
  return {
    genes,
    decode(values) {
      checkValues("csnas-repaired", values, genes);
      const node = (at: number): CellEdge[] => {
        const [pair, ...of] = values.slice(3 * at, 3 * at + 3);
        return reads[at][pair].map((from, edge) => ({ from, op: others[of[edge]] }));
      };
      return { inputs: 2, nodes: places.map(node), output: "all" };
    },
    encode(cell) {
      const values = cell.nodes.flatMap((edges, node) => {
        const [first, second] = [...edges].sort((a, b) => a.from - b.from);
        const pair = reads[node].findIndex(([a, b]) => a === first.from && b === second.from);
        return [pair, others.indexOf(first.op), others.indexOf(second.op)];
      });
      checkValues("csnas-repaired", values, genes);
      return values;
    },
  };
}

/** Every two of so many states. */
function pairsOf(states: number): [first: number, second: number][] {
  return Array.from({ length: states }, (_, second) =>
    Array.from({ length: second }, (_, first): [number, number] => [first, second]),
  ).flat();
}

function drawn(genes: readonly Gene[], rng: Rng): number[] {
  return genes.map(({ choices }) => rng.int(choices));
}

function changed(values: readonly number[], genes: readonly Gene[], gene: number, by: number): number[] {
  return values.map((value, i) => (i === gene ? (value + by) % genes[i].choices : value));
}

/** What a code's genes are worth, over random codes. */
export interface CellCodeFigures {
  /** Of changes of one gene, the share that leaves the cell what it was. */
  readonly silent: number;
  /** Of all edges, the share that reads one of the cell's two inputs. */
  readonly fromInputs: number;
}

/** Draws codes, and changes each in one gene. */
export function cellCodeFigures({ genes, decode }: CellCode, draws: number, rng: Rng): CellCodeFigures {
  let [silent, fromInputs, edges] = [0, 0, 0];
  for (let i = 0; i < draws; i++) {
    const values = drawn(genes, rng);
    const cell = decode(values);
    const gene = rng.pick(genes.flatMap(({ choices }, at) => (choices > 1 ? [at] : [])));
    const child = decode(changed(values, genes, gene, 1 + rng.int(genes[gene].choices - 1)));
    if (cellKey(child) === cellKey(cell)) silent++;
    for (const { from } of cell.nodes.flat()) {
      edges++;
      if (from < 2) fromInputs++;
    }
  }
  return { silent: silent / draws, fromInputs: fromInputs / edges };
}

/** Every different cell of a code, in the order of codes. */
export function allCells({ genes, decode }: CellCode): CellGraph[] {
  const found = new Map<string, CellGraph>();
  const values = genes.map(() => 0);
  for (;;) {
    const cell = decode(values);
    const key = cellKey(cell);
    if (!found.has(key)) found.set(key, canonicalCell(cell));
    let gene = genes.length - 1;
    while (gene >= 0 && ++values[gene] === genes[gene].choices) values[gene--] = 0;
    if (gene < 0) return [...found.values()];
  }
}
