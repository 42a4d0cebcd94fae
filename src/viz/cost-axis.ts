import { DataError } from "../core";
import { escapeHtml } from "./escape-html";
import { FLOPS_AXIS } from "./figure";
import type { NetworkFacts } from "./network-facts";

/** Where a network lies on the x axis. */
export type CostOf = (network: NetworkFacts) => number;

/** What a front is drawn against. */
export interface CostAxis {
  readonly title: string;
  readonly at: CostOf;
  /** What random networks have in common with the found ones. */
  readonly equal: string;
}

export const MACS: CostAxis = { title: FLOPS_AXIS, at: ({ macs }) => macs, equal: "MACs" };

/** @throws DataError when a network has no latency, or they are of several places. */
export function latencyCost(networks: readonly (NetworkFacts & { readonly label?: string })[]): CostAxis {
  const places = [...new Set(networks.map(({ latencyOf }) => latencyOf))];
  const without = networks.filter(({ latencyMs }) => latencyMs === undefined);
  if (without.length > 0 || places.length > 1) {
    const wrong =
      without.length > 0
        ? `${without.length} of ${networks.length} have none (${without[0].label ?? "of the rated front"} first)`
        : `they are of ${places.join(", ")}`;
    throw new DataError(
      `paretoFigure: against latency every network needs one of the same place, but ${wrong}; give ratings.withLatency(table) before the search`,
      { places, without: without.length },
    );
  }
  const place = places[0] === undefined ? "" : ` on ${escapeHtml(places[0])}`;
  return { title: `latency (ms)${place}`, at: ({ latencyMs = Number.NaN }) => latencyMs, equal: "latency" };
}
