import type { FrontNetwork } from "./front-network";
import { meanOf, standardError } from "./numbers";

/** A difference of test accuracies, in [-1, 1]. */
export interface Gain {
  readonly difference: number;
  /** One standard error of the difference. */
  readonly standardError: number;
}

/** A found network beside its rivals of about equal MACs. */
export interface FrontComparison {
  readonly found: FrontNetwork;
  readonly random: readonly FrontNetwork[];
  /** Over the mean of the random ones: their spread and the found network's own error are in its error. */
  readonly overRandom?: Gain;
  /** Random networks that the found one beats. */
  readonly beaten: number;
  /** The shrunk teachers that are nearest in MACs to this found network, each with the gain over it. */
  readonly shrunk: readonly { readonly network: FrontNetwork; readonly gain: Gain }[];
}

/** Where MACs rise by more, as a share, random networks belong to another budget. */
const NEXT_BUDGET = 0.1;

/** Each found network that has rivals, random or shrunk, at its cost: others would win or lose by size alone. */
export function comparisons(networks: readonly FrontNetwork[]): FrontComparison[] {
  const of = (kind: FrontNetwork["kind"]) => networks.filter((network) => network.kind === kind);
  const found = of("found");
  if (found.length === 0) return [];
  const rivals = new Map<FrontNetwork, Set<FrontNetwork>>();
  for (const group of budgets(of("random"))) {
    const nearest = nearestTo(found, mean(group.map(({ macs }) => macs)));
    rivals.set(nearest, new Set([...(rivals.get(nearest) ?? []), ...group]));
  }
  const shrunk = of("shrunk").map((network) => ({ network, found: nearestTo(found, network.macs) }));
  return found
    .filter((network) => rivals.has(network) || shrunk.some((one) => one.found === network))
    .map((network) => {
      const random = of("random").filter((one) => rivals.get(network)?.has(one));
      return {
        found: network,
        random,
        ...(random.length > 0 && { overRandom: overMean(network, random) }),
        beaten: random.filter(({ accuracy }) => network.accuracy > accuracy).length,
        shrunk: shrunk
          .filter((one) => one.found === network)
          .map((one) => ({ network: one.network, gain: over(network, one.network) })),
      };
    });
}

/** One standard error of a network's accuracy: over its trainings, or of the test images where it was trained once. */
export function errorOf({ accuracy, images, standardError: own }: FrontNetwork): number {
  return own ?? standardError(accuracy, images);
}

function over(network: FrontNetwork, rival: FrontNetwork): Gain {
  return { difference: network.accuracy - rival.accuracy, standardError: Math.hypot(errorOf(network), errorOf(rival)) };
}

function overMean(network: FrontNetwork, rivals: readonly FrontNetwork[]): Gain {
  const accuracies = rivals.map(({ accuracy }) => accuracy);
  const average = mean(accuracies);
  const own = mean(rivals.map((rival) => errorOf(rival) ** 2));
  const spread = accuracies.reduce((sum, accuracy) => sum + (accuracy - average) ** 2, 0) / (rivals.length - 1);
  // Few may lie close by chance: each one's own error is in their spread, so that it cannot truly be less.
  const variance = rivals.length > 1 ? Math.max(spread, own) : own;
  return {
    difference: network.accuracy - average,
    standardError: Math.sqrt(errorOf(network) ** 2 + variance / rivals.length),
  };
}

/** Random networks by the budget that they were drawn for. */
function budgets(random: readonly FrontNetwork[]): FrontNetwork[][] {
  const groups: FrontNetwork[][] = [];
  for (const network of [...random].sort((a, b) => a.macs - b.macs)) {
    const last = groups.at(-1);
    if (last && network.macs <= last[last.length - 1].macs * (1 + NEXT_BUDGET)) last.push(network);
    else groups.push([network]);
  }
  return groups;
}

function nearestTo(found: readonly FrontNetwork[], macs: number): FrontNetwork {
  const apart = (network: FrontNetwork) => Math.abs(network.macs - macs);
  return found.reduce((best, other) => (apart(other) < apart(best) ? other : best));
}

function mean(values: readonly number[]): number {
  return meanOf(values).mean;
}
