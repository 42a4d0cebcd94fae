import { nasBench201Cells } from "../nas-bench-201-space";
import type { Gene } from "../space";
import { cellOpWords } from "./ops";
import { type CellPairSpace, dartsSpace, econasSpace, eeeaSpace } from "./pair-space";
import { type PnasBlockCount, pnasCellSpace } from "./pnas-space";
import { NAS_BENCH_201_OPS } from "./presets/nas-bench-201";
import type { CellOp } from "./types";

/** What a space of cells has, for tables. */
export interface CellSpaceSummary {
  readonly name: string;
  readonly ops: readonly { readonly op: CellOp; readonly words: string }[];
  /** Cells as they are written. */
  readonly cells: bigint;
  /** Networks: of pairs of cells, one of each. */
  readonly networks: bigint;
  /** Choices of one cell. */
  readonly genes: readonly Gene[];
  /** Of a space whose cells grow block by block. */
  readonly blocks?: readonly PnasBlockCount[];
  readonly note: string;
}

const withWords = (ops: readonly CellOp[]) => ops.map((op) => ({ op, words: cellOpWords(op) }));
const product = (genes: readonly Gene[]) => genes.reduce((all, { choices }) => all * BigInt(choices), 1n);

function ofPairs(space: CellPairSpace, note: string): CellSpaceSummary {
  const { name, ops, genes } = space;
  return { name, ops: withWords(ops), ...space.count(), genes: genes.slice(0, genes.length / 2), note };
}

const TWICE = "The order of operations and of nodes counts here; keys do not tell it apart.";

/** What makes each space for searchers. */
const MADE_BY = {
  "nas-bench-201": "nasBench201Cells()",
  darts: "dartsSpace()",
  econas: "econasSpace()",
  eeea: "eeeaSpace()",
  pnas: "pnasCellSpace()",
};

const SPACES: Readonly<Record<keyof typeof MADE_BY, () => CellSpaceSummary>> = {
  "nas-bench-201": () => {
    const { name, genes } = nasBench201Cells();
    const cells = product(genes);
    const note = "A network is its key of six digits, one an edge in this order, counted as in the benchmark.";
    return { name, ops: withWords(NAS_BENCH_201_OPS), cells, networks: cells, genes, note };
  },
  darts: () => ofPairs(dartsSpace(), `${TWICE} DARTS itself lets no node read one state twice.`),
  econas: () => ofPairs(econasSpace(), TWICE),
  eeea: () => ofPairs(eeeaSpace(), `${TWICE} The first node reads the cell before the last alone.`),
  pnas: () => {
    const space = pnasCellSpace();
    const blocks = space.count();
    const cells = product(space.genes);
    const note = `${TWICE} Normal and reduction cells are one.`;
    return { name: space.name, ops: withWords(space.ops), cells, networks: cells, genes: space.genes, blocks, note };
  },
};

/** Names of the spaces of cells. */
export function cellSpaceNames(): string[] {
  return Object.keys(SPACES);
}

/** What a space of cells has; undefined where there is none of this name. */
export function cellSpaceSummary(name: string): CellSpaceSummary | undefined {
  return isCellSpace(name) ? SPACES[name]() : undefined;
}

/** The call that makes a space of cells for searchers, as it is written; undefined where there is none of this name. */
export function cellSpaceCall(name: string): string | undefined {
  return isCellSpace(name) ? MADE_BY[name] : undefined;
}

function isCellSpace(name: string): name is keyof typeof MADE_BY {
  return Object.hasOwn(SPACES, name);
}
