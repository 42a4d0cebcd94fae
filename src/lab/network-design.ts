import { type NetworkCost, networkCost } from "../cost";
import type { Budget, FoundNetwork } from "../search";
import { type Architecture, assemble, formatTimm, networkId, timmStages } from "../space";
import type { SearchSession } from "./search-session";

/** One network of a rated search space, before any training: one candidate a block. */
export class NetworkDesign {
  readonly architecture: Architecture;
  readonly cost: NetworkCost;
  /** Names the choice: equal for equal networks only. */
  readonly id: string;

  constructor(
    readonly session: SearchSession,
    readonly network: FoundNetwork,
    readonly budget: Budget,
    readonly kind: "found" | "random",
  ) {
    this.id = networkId(network.choice);
    this.architecture = assemble(session.space, network.choice);
    this.cost = networkCost(this.architecture);
  }

  /** Sum of the block ratings: what rating predicts; lower is better. */
  get score(): number {
    return this.network.score;
  }

  /** Multiply-adds of convolutions and linear layers for one image. */
  get macs(): number {
    return this.cost.macs;
  }

  get params(): number {
    return this.cost.params;
  }

  /** The stages in timm's words, e.g. to build the network with PyTorch. */
  toTimm(): string {
    return formatTimm(timmStages(this.architecture));
  }
}
