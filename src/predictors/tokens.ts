import { ConfigError } from "../core";
import type { Space } from "../space";

/** An architecture as a sequence of tokens, for predictors. */
export interface Tokens<A> {
  /** Tokens are whole numbers from 0 below this. */
  readonly vocabulary: number;
  /** At least one; sequences may differ in length. */
  tokens(architecture: A): readonly number[];
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
