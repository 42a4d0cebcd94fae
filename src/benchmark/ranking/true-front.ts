import { hypervolume, paretoFront, type TradeOff } from "../../search";
import type { TrueNetwork } from "..";
import { BUDGETS } from "./agreement";

/** Networks that no other beats in MACs and true accuracy, rising in both. */
export function trueFront(truth: readonly TrueNetwork[]): TrueNetwork[] {
  return paretoFront(truth.map(tradeOff), "higher").map(({ network }) => network);
}

/**
 * Reference point of the hypervolumes: the MACs of the largest network and the median accuracy (%). Half of the networks are
 * worse and add nothing: measured from the worst, any networks of small MACs would have nearly all.
 */
export function hypervolumeReference(truth: readonly TrueNetwork[]): TradeOff {
  const accuracies = truth.map(({ accuracy }) => accuracy).sort((a, b) => a - b);
  return { cost: Math.max(...truth.map(({ macs }) => macs)), value: accuracies[Math.floor(accuracies.length / 2)] };
}

/** Area that networks dominate by their true accuracies, in MACs times points. */
export function trueHypervolume(networks: readonly TrueNetwork[], reference: TradeOff): number {
  return hypervolume(networks.map(tradeOff), reference, "higher");
}

/** What picking one network for each budget comes to. */
export interface PickQuality {
  /** Best true accuracy under the budget less the pick's, points; mean over the budgets. */
  readonly regret: number;
  /** Hypervolume of the picks as a share of the true front's, 0..1. */
  readonly hypervolume: number;
}

/** Judges picks by true accuracies. */
export class PickJudge {
  readonly reference: TradeOff;
  /** Of the whole true front, in MACs times points. */
  readonly whole: number;
  /** The truly best network under each budget. */
  readonly best: readonly TrueNetwork[];

  constructor(
    truth: readonly TrueNetwork[],
    readonly budgets: readonly number[] = BUDGETS,
  ) {
    this.reference = hypervolumeReference(truth);
    this.whole = trueHypervolume(truth, this.reference);
    this.best = budgets.map((budget) =>
      truth.filter(({ macs }) => macs <= budget).reduce((a, b) => (b.accuracy > a.accuracy ? b : a)),
    );
  }

  /** @param picks One for each budget, in order. */
  of(picks: readonly TrueNetwork[]): PickQuality {
    const lost = picks.map(({ accuracy }, i) => this.best[i].accuracy - accuracy);
    return {
      regret: lost.reduce((sum, points) => sum + points, 0) / picks.length,
      hypervolume: this.share(picks),
    };
  }

  /** Hypervolume of networks as a share of the true front's, 0..1. */
  share(networks: readonly TrueNetwork[]): number {
    return trueHypervolume(networks, this.reference) / this.whole;
  }
}

function tradeOff(network: TrueNetwork): TradeOff & { readonly network: TrueNetwork } {
  return { cost: network.macs, value: network.accuracy, network };
}
