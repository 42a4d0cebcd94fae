import { enteringWidthsOf, headCostOf, stemCostOf } from "./costs";
import type { CostName, RatedCandidate, RatingTable } from "./types";
import { type Step, stepsBehind, unbeaten } from "./unbeaten";

/** A limit as an interval; one side may be open. */
export interface Interval {
  readonly name: CostName;
  readonly low: number;
  readonly high: number;
}

/** A candidate behind a certain width: one 0-1 variable of the programme. */
export interface Arc extends Step {
  readonly name: string;
  readonly block: number;
  readonly from: number;
}

/** At most so many of a network's candidates may be among these. */
export interface Cut {
  readonly choice: readonly RatedCandidate[];
  readonly most: number;
}

/** All arcs that the k best networks may need, however different from each other they must be. */
export function arcsOf(table: RatingTable, intervals: readonly Interval[], k: number): Arc[] {
  const widths = enteringWidthsOf(table);
  const names = intervals.map(({ name }) => name);
  const equal = intervals.map(({ low }) => low > Number.NEGATIVE_INFINITY);
  return table.blocks.flatMap((candidates, block) =>
    widths[block].flatMap((from) =>
      unbeaten(stepsBehind(candidates, from, names), { times: k, equal }).map(
        (step, i): Arc => ({ ...step, name: `x${block}_${from}_${i}`, block, from }),
      ),
    ),
  );
}

/**
 * The programme in CPLEX's LP format: one unit flows from the stem to the head through the widths between blocks, each arc
 * a candidate; each limit is a row, each cut another.
 */
export function programme(
  table: RatingTable,
  arcs: readonly Arc[],
  intervals: readonly Interval[],
  cuts: readonly Cut[],
): string {
  const rows = [...flow(table, arcs), ...limits(table, arcs, intervals), ...cutRows(arcs, cuts)];
  const objective = sum(arcs.map((arc) => `${arc.value} ${arc.name}`));
  return `Minimize\n score: ${objective}\nSubject To\n ${rows.join("\n ")}\nBinary\n ${arcs.map(({ name }) => name).join("\n ")}\nEnd\n`;
}

function sum(terms: readonly string[]): string {
  return terms.join("\n + ");
}

function flow(table: RatingTable, arcs: readonly Arc[]): string[] {
  const widths = enteringWidthsOf(table);
  const leaving = (block: number, width: number) => arcs.filter((arc) => arc.block === block && arc.from === width);
  const rows = [`start: ${sum(leaving(0, table.stemWidth).map(({ name }) => name))} = 1`];
  for (let block = 1; block < table.blocks.length; block++) {
    for (const width of widths[block]) {
      const arriving = arcs.filter((arc) => arc.block === block - 1 && arc.candidate.width === width);
      const out = leaving(block, width).map(({ name }) => `\n - ${name}`);
      rows.push(`flow${block}_${width}: ${sum(arriving.map(({ name }) => name))}${out.join("")} = 0`);
    }
  }
  return rows;
}

function limits(table: RatingTable, arcs: readonly Arc[], intervals: readonly Interval[]): string[] {
  const end = table.blocks.length;
  return intervals.flatMap(({ name, low, high }, i) => {
    // In shares of the limit, for the solver's tolerances are absolute.
    const scale = Math.max(1, Number.isFinite(high) ? high : low);
    const terms = sum(
      arcs.map((arc) => {
        const head = arc.block === end - 1 ? headCostOf(table, name, arc.candidate.width) : 0;
        return `${(arc.costs[i] + head) / scale} ${arc.name}`;
      }),
    );
    const stem = stemCostOf(table, name);
    return [
      ...(Number.isFinite(high) ? [`high${i}: ${terms} <= ${(high - stem) / scale}`] : []),
      ...(Number.isFinite(low) ? [`low${i}: ${terms} >= ${(low - stem) / scale}`] : []),
    ];
  });
}

function cutRows(arcs: readonly Arc[], cuts: readonly Cut[]): string[] {
  return cuts.map(({ choice, most }, i) => {
    const used = new Set(choice);
    const names = arcs.filter(({ candidate }) => used.has(candidate)).map(({ name }) => name);
    return `cut${i}: ${sum(names)} <= ${most}`;
  });
}
