import { type FoundNetwork, flatLimits, type Limits } from "../../search";
import type { Origin } from "../found-schema";

/** How a network of a search space was arrived at. */
export interface NetworkSearch {
  readonly kind: "found" | "random";
  /** Name of the search space. */
  readonly space: string;
  readonly network: FoundNetwork;
  /** What a found network had to meet. */
  readonly limits: Limits;
  /** Name of what candidates were rated by. */
  readonly rating: string;
  /** Trained networks that calibrated the ratings, if any did; epochs and images of brief trainings. */
  readonly evidence?: Origin["evidence"];
  readonly seeds: Origin["seeds"];
}

/** The same as a found network's file records it. */
export function networkOrigin({ kind, space, network, limits, rating, evidence, seeds }: NetworkSearch): Origin {
  const trained = evidence?.epochs === undefined ? "trained networks" : "brief trainings";
  const calibrated = evidence ? ` calibrated by ${evidence.networks} ${trained}` : "";
  return {
    method: kind === "random" ? "random" : `exact search over ratings${calibrated}`,
    space,
    budget: kind === "found" ? flatLimits(limits) : {},
    candidates: network.choice.map(({ block, cell, path, score }) => ({ block, cell, path: [...path], score })),
    score: network.score,
    rating,
    ...(evidence && { evidence }),
    seeds,
  };
}
