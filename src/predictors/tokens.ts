import { ConfigError } from "../core";
import type { CellGraph, CellOp, Space } from "../space";

/** An architecture as a sequence of tokens, for predictors. */
export interface Tokens<A> {
  /** Tokens are whole numbers from 0 below this. */
  readonly vocabulary: number;
  /** At least one; sequences may differ in length. */
  tokens(architecture: A): readonly number[];
  /**
   * Of how many parts of one kind an architecture is made, such as a cell's blocks: a multi-layer perceptron averages over
   * them, so that a larger architecture has inputs as large as a smaller one. Left out where all have as many.
   */
  parts?(architecture: A): number;
}

/**
 * The values of a space's genes as tokens, each gene with tokens of its own.
 * @throws ConfigError when the space has no genes.
 */
export function geneTokens<A>({ name, genes, encode }: Space<A, unknown>): Tokens<A> {
  if (!genes || !encode)
    throw new ConfigError(`geneTokens: ${name} must have genes and encode, and lacks them`, { name });
  let vocabulary = 0;
  const starts = genes.map(({ choices }) => {
    vocabulary += choices;
    return vocabulary - choices;
  });
  return { vocabulary, tokens: (a) => encode(a).map((value, gene) => starts[gene] + value) };
}

/**
 * The values of a space's genes as tokens that all genes share: for spaces all of whose genes choose the same, e.g. an op. What
 * is known of a choice at one place then says something of it at others.
 * @throws ConfigError when the space has no genes.
 */
export function sharedTokens<A>({ name, genes, encode }: Space<A, unknown>): Tokens<A> {
  if (!genes || !encode)
    throw new ConfigError(`sharedTokens: ${name} must have genes and encode, and lacks them`, { name });
  return { vocabulary: Math.max(...genes.map(({ choices }) => choices)), tokens: encode };
}

/** Several encodings side by side, each with tokens of its own, the parts of the first; for predictors that sum or count tokens. */
export function joinedTokens<A>(...encodings: readonly Tokens<A>[]): Tokens<A> {
  let vocabulary = 0;
  const starts = encodings.map((one) => {
    vocabulary += one.vocabulary;
    return vocabulary - one.vocabulary;
  });
  return {
    vocabulary,
    tokens: (a) => encodings.flatMap(({ tokens }, i) => tokens(a).map((token) => starts[i] + token)),
    ...(encodings[0]?.parts && { parts: encodings[0].parts }),
  };
}

/** What cells are made of, for tokens: their operations, and the states that operations may read. */
export interface CellAlphabet {
  readonly ops: readonly CellOp[];
  /** Of the last node of the largest cell: with two inputs and three nodes 4. */
  readonly states: number;
}

/**
 * A token for each operation of a cell together with the state that it reads; for predictors that sum or count tokens. Cells
 * may differ in size.
 * @throws ConfigError by `tokens` for a cell of other operations, or a larger one.
 */
export function edgeTokens({ ops, states }: CellAlphabet): Tokens<CellGraph> {
  return {
    vocabulary: ops.length * states,
    tokens: (cell) => edgesOf(cell, { ops, states }).map(([op, from]) => op * states + from),
    parts: nodesOf,
  };
}

/**
 * Four tokens for each block of a cell in order: the states that its two operations read, then the two operations (PNAS, Liu
 * et al., ECCV 2018); for predictors that read sequences.
 * @throws ConfigError by `tokens` for a cell of other operations, a larger one, or one of other nodes than blocks.
 */
export function blockTokens({ ops, states }: CellAlphabet): Tokens<CellGraph> {
  return {
    vocabulary: states + ops.length,
    tokens(cell) {
      const edges = edgesOf(cell, { ops, states });
      if (cell.nodes.some((node) => node.length !== 2)) {
        throw new ConfigError("blockTokens: every node of the cell must have two operations");
      }
      return cell.nodes.flatMap((_, block) => {
        const own = edges.slice(2 * block, 2 * block + 2);
        return [...own.map(([, from]) => from), ...own.map(([op]) => states + op)];
      });
    },
    parts: nodesOf,
  };
}

function nodesOf({ nodes }: CellGraph): number {
  return nodes.length;
}

function edgesOf({ nodes }: CellGraph, { ops, states }: CellAlphabet): [op: number, from: number][] {
  return nodes.flat().map(({ op, from }) => {
    const place = ops.indexOf(op);
    if (place >= 0 && from < states) return [place, from];
    throw new ConfigError(
      `tokens of cells: operations must be of ${ops.join(", ")} and read states below ${states}, got ${op}(${from})`,
      { op, from },
    );
  });
}
