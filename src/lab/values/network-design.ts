import { formatCount, percent } from "../../core";
import { type NetworkCost, networkCost } from "../../cost";
import { diagramLayers } from "../../export";
import { type Budget, type FoundNetwork, type Limits, upperLimits } from "../../search";
import { type Architecture, assemble, formatTimm, networkId, timmStages } from "../../space";
import { architectureDiagram } from "../../viz";
import { choiceWords } from "../display/architecture-words";
import { FigureView } from "../display/figure-view";
import type { SearchSession } from "../session/search-session";

/** One network of a rated search space, before any training: one candidate a block. */
export class NetworkDesign {
  readonly architecture: Architecture;
  readonly cost: NetworkCost;
  /** Names the choice: equal for equal networks only. */
  readonly id: string;

  constructor(
    readonly session: SearchSession,
    readonly network: FoundNetwork,
    /** What it had to meet. */
    readonly limits: Limits,
    readonly kind: "found" | "random",
  ) {
    this.id = networkId(network.choice);
    this.architecture = assemble(session.space, network.choice);
    this.cost = networkCost(this.architecture);
  }

  /** The upper ends of the limits. */
  get budget(): Budget {
    return upperLimits(this.limits);
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

  /** Bytes of all activations for one image, float32. */
  get activationBytes(): number {
    return this.cost.activationBytes;
  }

  /** Milliseconds by the latency table that the ratings were given; undefined without one. */
  get latencyMs(): number | undefined {
    return this.network.cost.latencyMs;
  }

  /** What the network is, a line a block: "block 1: k3e6 k5e3, 24 channels". */
  describe(): string[] {
    return choiceWords(this.session.space, this.network.choice);
  }

  /** Picture of the network: its layers as boxes, with ops, widths and costs. */
  diagram(): FigureView {
    const { architecture, cost, kind, macs, params, session } = this;
    const share = percent(macs / session.teacher.cost.macs, 1);
    return new FigureView(
      architectureDiagram({
        title: `${kind === "found" ? "Found" : "Random"} network: ${formatCount(macs)} MACs (${share} of the teacher's), ${formatCount(params)} parameters`,
        layers: diagramLayers(architecture, cost),
      }),
    );
  }

  /**
   * The stages in timm's words, e.g. to build the network with PyTorch.
   * @throws SpaceError for ResNet's blocks, which timm's strings cannot say.
   */
  toTimm(): string {
    return formatTimm(timmStages(this.architecture));
  }
}
