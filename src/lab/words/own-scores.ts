import { ConfigError, checkOptions, rule } from "../../core";
import type { RatedRow, RatedSpace } from "../../rate";
import { ratingTable } from "../../search";
import { candidateId, enumerateBlock, opName, type SearchSpace } from "../../space";

/** A candidate as own scores see it. */
export interface ScoredCandidate {
  /** From 0, as `cell`. */
  readonly block: number;
  readonly cell: number;
  /** One op index a layer. */
  readonly path: readonly number[];
  /** Names of the ops, one a layer, as tables have them: "e6k3". */
  readonly ops: readonly string[];
  /** Names the candidate within its space: "b0.c1.2-0". */
  readonly id: string;
  /** Channels that leave it in the assembled network. */
  readonly width: number;
  /** Multiply-adds and parameters in the assembled network, by the width of the block before. */
  readonly cost: RatedRow["cost"];
  /** What it was scored by before, where it was. */
  readonly score?: number;
}

/** Scores from elsewhere, **lower is better**: a function of the candidate, or numbers by the candidates' ids. */
export type OwnScores = ((candidate: ScoredCandidate) => number) | Readonly<Record<string, number>>;

export interface OwnScoresOptions {
  /** What tables, figures and files call the scores; the function's name, or "own scores", unless given. */
  readonly name?: string;
}

/**
 * Puts own scores into a table.
 * @throws ConfigError when a candidate has no score, or one that is not finite.
 */
export function scoreTable(
  place: string,
  space: SearchSpace,
  table: RatedSpace,
  scores: OwnScores,
  options: OwnScoresOptions = {},
): { readonly table: RatedSpace; readonly score: string } {
  checkOptions(place, options, { name: rule.text });
  const { name } = options;
  if (typeof scores !== "function" && (typeof scores !== "object" || scores === null)) {
    throw new ConfigError(
      `${place}: scores must be a function of a candidate, or numbers by candidates' ids, got ${JSON.stringify(scores)}; e.g. ({ ops }) => ops.length`,
    );
  }
  const known = new Set(space.blocks.flatMap((_, block) => enumerateBlock(space, block).map(candidateId)));
  const stranger = typeof scores === "object" && Object.keys(scores).find((id) => !known.has(id));
  if (typeof stranger === "string") {
    throw new ConfigError(
      `${place}: scores must be of candidates of ${space.name}, such as "${[...known][0]}", got "${stranger}"`,
      { id: stranger },
    );
  }
  const scored = (row: RatedRow): RatedRow => {
    const id = candidateId(row);
    const ops = row.path.map((op) => opName(space.blocks[row.block].ops[op]));
    const { block, cell, path, width, cost } = row;
    const before = Number.isNaN(row.score) ? undefined : row.score;
    const candidate: ScoredCandidate = { block, cell, path, ops, id, width, cost, score: before };
    const score: unknown = typeof scores === "function" ? scores(candidate) : scores[id];
    if (typeof score === "number" && Number.isFinite(score)) return { ...row, score };
    const got = score instanceof Promise ? "a promise; await the scores before, and look them up" : String(score);
    throw new ConfigError(
      `${place}: each candidate must have a finite score, got ${got} for ${id} (${ops.join(" ")})`,
      {
        id,
      },
    );
  };
  return {
    table: { ...table, blocks: table.blocks.map((rows) => rows.map(scored)) },
    score: name ?? ((typeof scores === "function" && scores.name) || "own scores"),
  };
}

/** The candidates of a space before any rating: scores and errors are NaN, not measured. */
export function unratedTable(space: SearchSpace): RatedSpace {
  const table = ratingTable(space, () => 0);
  const unmeasured = {
    score: Number.NaN,
    relativeL1: Number.NaN,
    mse: Number.NaN,
    relativeMse: Number.NaN,
    nsr: Number.NaN,
  };
  return { ...table, blocks: table.blocks.map((rows) => rows.map((row) => ({ ...row, ...unmeasured }))) };
}
