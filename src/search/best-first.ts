import TinyQueue from "tinyqueue";
import { headCostOf, loosened, stemCostOf } from "./costs";
import { type Completion, type Objective, SuffixFronts } from "./suffix-fronts";
import type { CostName, RatedCandidate, RatingTable } from "./types";
import { type Step, stepsBehind, unbeaten } from "./unbeaten";

/** A choice for the first blocks, with what it costs and the best that can become of it. */
interface Prefix {
  readonly block: number;
  readonly width: number;
  readonly candidate?: RatedCandidate;
  readonly before?: Prefix;
  readonly value: number;
  readonly costs: readonly number[];
  /** No network that starts so has a lower value. */
  readonly bound: number;
}

/**
 * Best-first search (A*) for the networks of least value within several limits.
 *
 * The bound of a prefix is the best completion that each limit alone allows, from that limit's {@link SuffixFronts}: exact
 * for one limit, so that the walk goes straight to the optimum, and a lower bound for several. Networks therefore come
 * out in rising value: asking for k gives the k best.
 */
export class BestFirst {
  private readonly fronts: readonly SuffixFronts[];
  private readonly known = new Map<string, readonly Step[]>();

  constructor(
    private readonly table: RatingTable,
    private readonly names: readonly CostName[],
    private readonly objective: Objective = "score",
  ) {
    this.fronts = names.map((name) => new SuffixFronts(table, name, objective));
  }

  /** The networks of least value within the limits (in the order of the names), best first; fewer than k when there are not more. */
  best(given: readonly number[], k: number): RatedCandidate[][] {
    const { table } = this;
    // The bounds sum from the head, a network's costs are summed from the stem: their last bits may differ.
    const limits = given.map(loosened);
    const end = table.blocks.length;
    const costs = this.names.map((name) => stemCostOf(table, name));
    const queue = new TinyQueue<Prefix>([], (a, b) => a.bound - b.bound || b.block - a.block);
    const start = this.boundOf(0, table.stemWidth, costs, limits);
    if (start !== undefined) queue.push({ block: 0, width: table.stemWidth, value: 0, costs, bound: start });
    const found: RatedCandidate[][] = [];
    for (let prefix = queue.pop(); prefix && found.length < k; prefix = queue.pop()) {
      if (prefix.block === end) {
        const costs = prefix.costs.map((cost, i) => cost + headCostOf(table, this.names[i], prefix.width));
        if (costs.every((cost, i) => cost <= given[i])) found.push(choiceOf(prefix));
      } else this.grow(prefix, limits, this.steps(prefix.block, prefix.width, k > 1), queue);
    }
    return found;
  }

  private grow(prefix: Prefix, limits: readonly number[], steps: readonly Step[], queue: TinyQueue<Prefix>): void {
    for (const step of steps) {
      const { candidate } = step;
      const costs = prefix.costs.map((cost, i) => cost + step.costs[i]);
      const [block, width] = [prefix.block + 1, candidate.width];
      const rest = this.boundOf(block, width, costs, limits);
      if (rest === undefined) continue;
      const value = prefix.value + step.value;
      queue.push({ block, width, candidate, before: prefix, value, costs, bound: value + rest });
    }
  }

  /** All steps from a block behind a width, or those that the optimum may need. */
  private steps(block: number, width: number, all: boolean): readonly Step[] {
    const key = `${block}/${width}/${all}`;
    let steps = this.known.get(key);
    if (!steps) {
      const every = stepsBehind(this.table.blocks[block], width, this.names, this.objective);
      steps = all ? every : unbeaten(every);
      this.known.set(key, steps);
    }
    return steps;
  }

  /** The least value of a completion that each limit alone allows; undefined when one allows none. */
  private boundOf(
    block: number,
    width: number,
    costs: readonly number[],
    limits: readonly number[],
  ): number | undefined {
    let bound = Number.NEGATIVE_INFINITY;
    for (const [i, front] of this.fronts.entries()) {
      const completion: Completion | undefined = front.best(block, width, limits[i] - costs[i]);
      if (!completion) return undefined;
      bound = Math.max(bound, completion.value);
    }
    return bound;
  }
}

function choiceOf(prefix: Prefix): RatedCandidate[] {
  const choice: RatedCandidate[] = [];
  for (let at: Prefix | undefined = prefix; at?.candidate; at = at.before) choice.push(at.candidate);
  return choice.reverse();
}
