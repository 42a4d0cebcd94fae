import { BudgetInfeasibleError, ConfigError } from "../../core";
import type { ShrinkBy } from "../../cost";
import { shrunkTo } from "../../cost";
import type { FoundNetwork, Limits, RatingTable, SearchResult } from "../../search";
import { macsOf } from "../../search";
import { type Architecture, assemble, networkId, type SearchSpace } from "../../space";
import type { RetrainConfig } from "../retrain-schema";
import { randomRivals } from "./random-rivals";

/** A network to be trained, with its place among the others. */
export interface Design {
  /** "found 1", "random 2", "shrunk 1 (width)"; those of a kind are numbered by rising MACs. */
  readonly label: string;
  readonly kind: "found" | "random" | "shrunk";
  readonly architecture: Architecture;
  /** Of the search space; a shrunk teacher is none. */
  readonly network?: FoundNetwork;
  /** How the teacher was shrunk. */
  readonly by?: ShrinkBy;
  /** Label of the found network that a rival is compared with. */
  readonly beside?: string;
  /** What a found network had to meet. */
  readonly limits?: Limits;
}

/** A search and what it was for. */
export interface BudgetSearch {
  readonly limits: Limits;
  readonly result: SearchResult;
}

/** What the designs are of. */
export interface DesignSources {
  /** Of the random networks. */
  readonly seed: number;
  /** Which rivals there are. */
  readonly retrain: Pick<RetrainConfig, "random" | "tolerance" | "shrunk">;
  readonly space: SearchSpace;
  readonly table: RatingTable;
  readonly teacher: Architecture;
}

/**
 * What is retrained: networks along the front and the best one of each further budget; for the best one of each budget random
 * ones of about its MACs, and the teacher shrunk to them. A random one that is also a found one stays a rival: leaving it out
 * would spare the found network the rivals that are as good. It is trained once and counts twice.
 * @param searches The run's own first, then those of further budgets.
 * @param onNote Told of what cannot be had.
 */
export function designsOf(
  { seed, retrain, space, table, teacher }: DesignSources,
  searches: readonly BudgetSearch[],
  onNote: (text: string) => void = () => {},
): Design[] {
  const { random: count, tolerance, shrunk = [] } = retrain;
  const candidates = searches.flatMap(({ limits, result }, i) =>
    (i === 0 ? result.along : [result.best]).map((network) => ({ network, limits })),
  );
  const found = rising(
    distinct(candidates, ({ network }) => idOf(network)),
    ({ network }) => macsOf(network),
  ).map(({ network, limits }, i) => ({
    label: `found ${i + 1}`,
    kind: "found" as const,
    architecture: assemble(space, network.choice),
    network,
    limits,
  }));
  const labelOf = (network: FoundNetwork) => found.find((one) => idOf(one.network) === idOf(network))?.label;
  const bests = distinct(
    searches.map(({ result }) => result.best),
    idOf,
  );
  const random = bests.flatMap((best) =>
    randomRivals(table, best, { seed, count, tolerance }).map((network) => ({ network, beside: labelOf(best) })),
  );
  const smaller = bests.flatMap((best) =>
    shrunk.flatMap((by) => {
      const beside = labelOf(best);
      try {
        return [{ ...shrunkTo(teacher, space.classes, macsOf(best), by), by, beside }];
      } catch (error) {
        if (!(error instanceof BudgetInfeasibleError || error instanceof ConfigError)) throw error;
        onNote(`no teacher shrunk by ${by} stands beside ${beside}: ${error.message}`);
        return [];
      }
    }),
  );
  return [
    ...found,
    ...rising(random, ({ network }) => macsOf(network)).map(
      ({ network, beside }, i): Design => ({
        label: `random ${i + 1}`,
        kind: "random",
        architecture: assemble(space, network.choice),
        network,
        beside,
      }),
    ),
    ...rising(smaller, ({ cost }) => cost.macs).map(
      ({ architecture, by, beside }, i): Design => ({
        label: `shrunk ${i + 1} (${by})`,
        kind: "shrunk",
        architecture,
        by,
        beside,
      }),
    ),
  ];
}

function idOf({ choice }: FoundNetwork): string {
  return networkId(choice);
}

function distinct<Item>(items: readonly Item[], key: (item: Item) => string): Item[] {
  const keys = items.map(key);
  return items.filter((_, i) => keys.indexOf(keys[i]) === i);
}

function rising<Item>(items: readonly Item[], macs: (item: Item) => number): Item[] {
  return [...items].sort((a, b) => macs(a) - macs(b));
}
