import type { Rng } from "../core";
import { candidateCost, enteringWidthsOf, headCostOf, stemCostOf } from "./costs";
import type { CostName, RatedCandidate, RatingTable } from "./types";

const BINS = 2000;

/**
 * Numbers of ways to complete a network by what they cost in bins, so that a network can be drawn uniformly among those
 * within a range, however rare they are.
 */
export class CompletionCounts {
  private readonly binWidth: number;
  /** `[block][width]`: cumulative counts; entry b counts completions of less than b bins. */
  private readonly below: Map<number, Float64Array>[] = [];
  private readonly stem: number;

  constructor(
    private readonly table: RatingTable,
    private readonly axis: CostName,
    high: number,
  ) {
    this.binWidth = (high || 1) / BINS;
    this.stem = this.bin(stemCostOf(table, axis));
    const widths = enteringWidthsOf(table);
    const end = table.blocks.length;
    let counts: Map<number, Float64Array> = new Map(
      widths[end].map((width) => {
        const at = new Float64Array(BINS + 1);
        const head = this.bin(headCostOf(table, axis, width));
        if (head <= BINS) at[head] = 1;
        return [width, at];
      }),
    );
    this.below[end] = cumulative(counts);
    for (let block = end - 1; block >= 0; block--) {
      counts = new Map(widths[block].map((width) => [width, this.countsBehind(block, width, counts)]));
      this.below[block] = cumulative(counts);
    }
  }

  private bin(cost: number): number {
    return Math.floor(cost / this.binWidth);
  }

  private countsBehind(block: number, width: number, next: ReadonlyMap<number, Float64Array>): Float64Array {
    const counts = new Float64Array(BINS + 1);
    // Many candidates share a bin: count them before they are convolved.
    const alike = new Map<string, { bin: number; width: number; count: number }>();
    for (const candidate of this.table.blocks[block]) {
      const bin = this.bin(candidateCost(candidate, this.axis, width));
      const key = `${bin}/${candidate.width}`;
      const entry = alike.get(key);
      if (entry) entry.count++;
      else alike.set(key, { bin, width: candidate.width, count: 1 });
    }
    for (const { bin, width: outWidth, count } of alike.values()) {
      const rest = next.get(outWidth)!;
      for (let b = bin; b <= BINS; b++) counts[b] += count * rest[b - bin];
    }
    return counts;
  }

  /** Completions from a block whose bins lie in [from, to]. */
  private between(block: number, width: number, from: number, to: number): number {
    const below = this.below[block].get(width)!;
    const clamp = (bin: number) => Math.min(BINS + 1, Math.max(0, bin));
    return to < from ? 0 : below[clamp(to + 1)] - below[clamp(from)];
  }

  /** A network whose bins lie in the range of MACs, widened downwards by what rounding takes; undefined when there is none. */
  draw(low: number, high: number, rng: Rng): RatedCandidate[] | undefined {
    const { table } = this;
    const parts = table.blocks.length + 2;
    const from = this.bin(low) - parts - this.stem;
    const to = this.bin(high) - this.stem;
    const choice: RatedCandidate[] = [];
    let [width, spent] = [table.stemWidth, 0];
    for (const [block, candidates] of table.blocks.entries()) {
      let left = rng.uniform() * this.between(block, width, from - spent, to - spent);
      let drawn: { candidate: RatedCandidate; bin: number } | undefined;
      for (const candidate of candidates) {
        const bin = this.bin(candidateCost(candidate, this.axis, width));
        const ways = this.between(block + 1, candidate.width, from - spent - bin, to - spent - bin);
        if (ways <= 0) continue;
        drawn = { candidate, bin };
        left -= ways;
        if (left < 0) break;
      }
      if (!drawn) return undefined;
      choice.push(drawn.candidate);
      spent += drawn.bin;
      width = drawn.candidate.width;
    }
    return choice;
  }
}

function cumulative(counts: ReadonlyMap<number, Float64Array>): Map<number, Float64Array> {
  return new Map(
    [...counts].map(([width, at]) => {
      const below = new Float64Array(at.length + 1);
      for (let b = 0; b < at.length; b++) below[b + 1] = below[b] + at[b];
      return [width, below];
    }),
  );
}
