import { enteringWidthsOf, headCostOf, stemCostOf } from "./costs";
import type { CostName, RatedCandidate, RatingTable } from "./types";
import { type Step, stepsBehind, unbeaten } from "./unbeaten";

/** A limit as an interval; one side may be open. */
export interface LimitInterval {
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

/** One side of a limit on a network's arcs: the sum of their costs times `sign` is at most `bound`. */
interface LimitRow {
  readonly name: string;
  readonly sign: 1 | -1;
  /** By arc. */
  readonly costs: readonly number[];
  readonly bound: number;
  /** How far rounding may have moved the bound and a network's sum. */
  readonly rounding: number;
}

/** All arcs that the k best networks may need, however different from each other they must be. */
export function arcsOf(table: RatingTable, intervals: readonly LimitInterval[], k: number): Arc[] {
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

/** The largest coefficient that the solver sees; its tolerances, 1e-7 and 1e-6, are absolute. */
const LARGEST = { value: 10, cost: 1 };

/**
 * The integer programme: one unit flows from the stem to the head through the widths between blocks, each arc a candidate;
 * each side of a limit is a row, each cut another.
 *
 * A network takes one arc of every block, so that the least of a block may be taken off all its arcs, and what is left be
 * scaled: whatever the unit of scores and costs, the solver sees numbers of one size.
 */
export class Programme {
  /** The arcs' scores as the solver sees them, 0 for the best of a block. */
  readonly values: readonly number[];
  /** What one of them is in the table's unit. */
  readonly unit: number;
  /** Sum of the best scores of the blocks, which was taken off. */
  readonly least: number;
  readonly limits: readonly LimitRow[];

  constructor(
    private readonly table: RatingTable,
    readonly arcs: readonly Arc[],
    intervals: readonly LimitInterval[],
  ) {
    const scores = shifted(
      arcs,
      arcs.map(({ value }) => value),
      LARGEST.value,
    );
    this.values = scores.scaled;
    this.unit = scores.unit;
    this.least = scores.least;
    const end = table.blocks.length;
    this.limits = intervals.flatMap(({ name, low, high }, i): LimitRow[] => {
      const head = (arc: Arc) => (arc.block === end - 1 ? headCostOf(table, name, arc.candidate.width) : 0);
      const costs = shifted(
        arcs,
        arcs.map((arc) => arc.costs[i] + head(arc)),
        LARGEST.cost,
      );
      const stem = stemCostOf(table, name);
      const row = (side: string, sign: 1 | -1, limit: number): LimitRow[] => {
        if (!Number.isFinite(limit)) return [];
        const bound = (sign * (limit - stem - costs.least)) / costs.unit;
        const size = Math.abs(limit) + Math.abs(stem) + Math.abs(costs.least) + costs.unit * LARGEST.cost;
        const rounding = ((end + 4) * size * 2 ** -52) / costs.unit;
        return [{ name: `${side}${i}`, sign, costs: costs.scaled, bound, rounding }];
      };
      return [...row("high", 1, high), ...row("low", -1, low)];
    });
  }

  /** In CPLEX's LP format; without the 0-1 condition where `relaxed`. */
  text(cuts: readonly Cut[], { relaxed = false }: { relaxed?: boolean } = {}): string {
    const { arcs, values } = this;
    const rows = [...this.limitRows(), ...cutRows(arcs, cuts), ...this.flow()];
    const objective = sum(arcs.map(({ name }, i) => `${values[i]} ${name}`));
    const kinds = relaxed
      ? `Bounds\n ${arcs.map(({ name }) => `0 <= ${name} <= 1`).join("\n ")}`
      : `Binary\n ${arcs.map(({ name }) => name).join("\n ")}`;
    return `Minimize\n score: ${objective}\nSubject To\n ${rows.join("\n ")}\n${kinds}\nEnd\n`;
  }

  private limitRows(): string[] {
    return this.limits.map(({ name, sign, costs, bound }) => {
      const terms = sum(this.arcs.map((arc, i) => `${costs[i]} ${arc.name}`));
      return `${name}: ${terms} ${sign > 0 ? "<=" : ">="} ${sign * bound}`;
    });
  }

  private flow(): string[] {
    const { table, arcs } = this;
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
}

/** Numbers of arcs less the least of their block, so that the largest is `largest`; `unit` is what 1 was. */
function shifted(arcs: readonly Arc[], values: readonly number[], largest: number) {
  const least = new Map<number, number>();
  for (const [i, { block }] of arcs.entries()) {
    least.set(block, Math.min(values[i], least.get(block) ?? Number.POSITIVE_INFINITY));
  }
  const above = arcs.map(({ block }, i) => values[i] - least.get(block)!);
  const unit = above.reduce((most, value) => Math.max(most, value), 0) / largest || 1;
  return {
    scaled: above.map((value) => value / unit),
    unit,
    least: [...least.values()].reduce((total, value) => total + value, 0),
  };
}

function sum(terms: readonly string[]): string {
  return terms.join("\n + ");
}

function cutRows(arcs: readonly Arc[], cuts: readonly Cut[]): string[] {
  return cuts.map(({ choice, most }, i) => {
    const used = new Set(choice);
    const names = arcs.filter(({ candidate }) => used.has(candidate)).map(({ name }) => name);
    return `cut${i}: ${sum(names)} <= ${most}`;
  });
}
