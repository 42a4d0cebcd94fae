import { SpaceError } from "../core";
import type { RatingTable } from "../search";

/** What a term of the sum over blocks goes by. */
export type TermName = "rating" | "rating by block" | "rating, smooth" | "op" | "op by layer" | "candidate" | "cost";

/**
 * One term of an additive prior over networks. A candidate's effect is its features times coefficients that are normal with
 * the term's variance: one vector for all blocks (`pooled`), or one for each block.
 */
export interface EffectTerm {
  readonly name: TermName;
  readonly pooled: boolean;
  /** `[block][candidate][feature]`; undefined: each candidate is a feature of its own. */
  readonly features?: readonly (readonly Float64Array[])[];
}

/** Names of the terms that read ratings. */
export const RATING_TERMS: readonly TermName[] = ["rating", "rating by block", "rating, smooth"];

/** Centres of the bumps of the smooth term, in standard deviations of a block's ratings. */
const BUMPS = [-2, -1.25, -0.5, 0.25, 1, 1.75];
/** Share of a block's mean MACs that is added to a candidate's, so that the logarithm of none is no infinity. */
const COST_FLOOR = 0.1;

export interface EffectTermsOptions {
  /** Names of each block's ops, `[block][op]`: an op of the same name has one effect in common over all layers. */
  readonly ops?: readonly (readonly string[])[];
  /** Whether the table's scores are read; true unless given. */
  readonly ratings?: boolean;
}

/**
 * The terms for a table: its ratings (by the total, by the block, and smooth by the block), each op in common and by its
 * layer, each candidate by itself, and the logarithm of its MACs where the table has them.
 * @throws SpaceError when ratings are to be read and one is no finite number.
 */
export function effectTerms(table: RatingTable, { ops, ratings = true }: EffectTermsOptions = {}): EffectTerm[] {
  const terms: EffectTerm[] = [];
  if (ratings) {
    const values = ratingValues(table);
    const standard = values.map((block) => standardised(block));
    terms.push(
      { name: "rating", pooled: true, features: inCommon(values) },
      { name: "rating by block", pooled: false, features: standard.map(column) },
      {
        name: "rating, smooth",
        pooled: false,
        features: standard.map((block) => block.map((x) => Float64Array.from(BUMPS, (at) => bump(x - at)))),
      },
    );
  }
  terms.push(
    { name: "op", pooled: true, features: opCounts(table, ops) },
    { name: "op by layer", pooled: false, features: opsByLayer(table) },
    { name: "candidate", pooled: false },
  );
  const costs = logMacs(table);
  if (costs) terms.push({ name: "cost", pooled: true, features: costs.map((block) => column(standardised(block))) });
  return terms;
}

/** Logarithms where all ratings are above 0, for errors count by their ratio; else the scores as they are. */
function ratingValues(table: RatingTable): number[][] {
  const scores = table.blocks.map((block) => block.map(({ score }) => score));
  const odd = scores.flat().find((score) => !Number.isFinite(score));
  if (odd !== undefined) {
    throw new SpaceError(
      `calibration: ratings of ${table.space} must be finite numbers, got ${odd}; rate the candidates, or leave the ratings out: { ratings: false }`,
    );
  }
  return scores.flat().every((score) => score > 0) ? scores.map((block) => block.map(Math.log)) : scores;
}

/** Values about each block's mean, in one unit for all blocks: the mean of their standard deviations. */
function inCommon(values: readonly (readonly number[])[]): Float64Array[][] {
  const unit = average(values.map(deviation)) || 1;
  return values.map((block) => {
    const mean = average(block);
    return column(block.map((value) => (value - mean) / unit));
  });
}

/** How often each op stands in a candidate, about the mean over the block. */
function opCounts(table: RatingTable, ops?: readonly (readonly string[])[]): Float64Array[][] {
  const name = (block: number, op: number) => ops?.[block]?.[op] ?? `op ${op}`;
  const names = [
    ...new Set(table.blocks.flatMap((rows, b) => rows.flatMap(({ path }) => path.map((op) => name(b, op))))),
  ];
  const at = new Map(names.map((of, i) => [of, i]));
  return table.blocks.map((rows, block) => {
    const counts = rows.map(({ path }) => {
      const count = new Float64Array(names.length);
      for (const op of path) count[at.get(name(block, op))!]++;
      return count;
    });
    const means = names.map((_, i) => average(counts.map((count) => count[i])));
    return counts.map((count) => count.map((value, i) => value - means[i]));
  });
}

/** One feature for each op at each layer, and for each cell where a block has several. */
function opsByLayer(table: RatingTable): Float64Array[][] {
  return table.blocks.map((rows) => {
    const keysOf = rows.map(({ cell, path }) => [`cell ${cell}`, ...path.map((op, layer) => `${layer}:${op}`)]);
    const hasCells = new Set(rows.map(({ cell }) => cell)).size > 1;
    const keys = [...new Set(keysOf.flat())].filter((key) => hasCells || !key.startsWith("cell"));
    return keysOf.map((own) => Float64Array.from(keys, (key) => (own.includes(key) ? 1 : 0)));
  });
}

/** By the mean over the widths that may come before: the block's share of the cost must not depend on its neighbour. */
function logMacs(table: RatingTable): number[][] | undefined {
  const macs = table.blocks.map((rows) => rows.map(({ cost }) => average(Object.values(cost.macs ?? {}))));
  if (macs.flat().some(Number.isNaN)) return undefined;
  return macs.map((block) => block.map((value) => Math.log(value + COST_FLOOR * average(block) || 1)));
}

function standardised(values: readonly number[]): number[] {
  const mean = average(values);
  const unit = deviation(values) || 1;
  return values.map((value) => (value - mean) / unit);
}

function bump(distance: number): number {
  return Math.exp(-0.5 * distance ** 2);
}

function column(values: readonly number[]): Float64Array[] {
  return values.map((value) => Float64Array.of(value));
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const mean = average(values);
  return Math.sqrt(average(values.map((value) => (value - mean) ** 2)));
}
