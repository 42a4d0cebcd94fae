/** A limited quantity of a network. Latency in ms, the others in counts. */
export type CostName = "macs" | "params" | "activationBytes" | "latencyMs";

/** One row of a rating table: what rating hands to search. Plain JSON. */
export interface RatedCandidate {
  readonly block: number;
  readonly cell: number;
  readonly path: readonly number[];
  /** Relative L1 to the teacher's feature map; lower is better (DNA eq. 6). */
  readonly score: number;
  /** Channels the candidate emits in the assembled network. */
  readonly width: number;
  /** Cost of the candidate in the assembled network, by the width of the block before (its first layer depends on it). */
  readonly cost: Readonly<Partial<Record<CostName, Readonly<Record<number, number>>>>>;
}

/** The candidates of all blocks, and what the rest of the network costs. */
export interface RatingTable {
  readonly space: string;
  /** Where the latencies among the costs are of, e.g. "chromium-wasm on AMD EPYC": no figure or sentence tells them without. */
  readonly latencyOf?: string;
  /** `blocks[i]`: the candidates of block i in lexicographic order (cell, path). */
  readonly blocks: readonly (readonly RatedCandidate[])[];
  /** Width that enters the first block (the stem's). */
  readonly stemWidth: number;
  /** Cost of the stem. */
  readonly stemCost: Readonly<Partial<Record<CostName, number>>>;
  /** Cost of head and classifier, by the width of the last block. */
  readonly headCost: Readonly<Partial<Record<CostName, Readonly<Record<number, number>>>>>;
}

/** Upper limits; a network must meet all. */
export type Budget = Readonly<Partial<Record<CostName, number>>>;

/** A network found: one candidate a block. */
export interface FoundNetwork {
  readonly choice: readonly RatedCandidate[];
  /** Sum of the block scores; lower is better. */
  readonly score: number;
  readonly cost: Readonly<Partial<Record<CostName, number>>>;
}
