import { type LatencyTable, latencyCosts, placeWords } from "../cost";
import type { SearchSpace } from "../space";
import type { RatedCandidate, RatingTable } from "./types";

/**
 * A rating table with measured latencies beside the other costs, so that `latencyMs` can be limited. A network's latency is
 * the sum of its layers', each measured alone, and of what a call costs.
 * @throws ConfigError when the latency table lacks a layer of the space.
 */
export function withLatency<T extends RatingTable>(table: T, space: SearchSpace, latencies: LatencyTable): T {
  const { stem, head, candidate } = latencyCosts(space, latencies);
  const priced = (row: RatedCandidate) => ({ ...row, cost: { ...row.cost, latencyMs: candidate(row) } });
  return {
    ...table,
    latencyOf: placeWords(latencies),
    stemCost: { ...table.stemCost, latencyMs: stem },
    headCost: { ...table.headCost, latencyMs: head },
    blocks: table.blocks.map((rows) => rows.map(priced)),
  };
}
