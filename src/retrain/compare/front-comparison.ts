import { ConfigError } from "../../core";
import { mean, sampleVariance } from "../../core/statistics";
import { standardError } from "./standard-error";

/** What a comparison reads of a network that was measured on the test images. */
export interface ComparedNetwork {
  readonly label: string;
  readonly kind: "teacher" | "found" | "random" | "shrunk" | "own";
  readonly macs: number;
  /** Top-1 on the test split, 0..1. */
  readonly accuracy: number;
  /** Images of the test split. */
  readonly images: number;
  /** One standard error of the accuracy over several trainings, a share; of one training it is that of the test images. */
  readonly standardError?: number;
  /** Seeds of the trainings whose mean the accuracy is, where there are several. */
  readonly seeds?: readonly number[];
  /** Label of the network that it is as well: drawn at random, it happened to be a found one. */
  readonly sameAs?: string;
  /** Label of the found network that a rival was made for; the one nearest in MACs where nobody says. */
  readonly beside?: string;
}

/** A difference of test accuracies, in [-1, 1]. */
export interface Gain {
  readonly difference: number;
  /** One standard error of the difference. */
  readonly standardError: number;
}

/** A found network beside its rivals of about equal MACs. */
export interface FrontComparison<Network extends ComparedNetwork = ComparedNetwork> {
  readonly found: Network;
  readonly random: readonly Network[];
  /** Over the mean of the random ones: their spread and the found network's own error are in its error. */
  readonly overRandom?: Gain;
  /** Random networks that the found one beats. */
  readonly beaten: number;
  /** The shrunk teachers that are nearest in MACs to this found network, each with the gain over it. */
  readonly shrunk: readonly { readonly network: Network; readonly gain: Gain }[];
}

/** Where MACs rise by more, as a share, random networks belong to another budget. */
const NEXT_BUDGET = 0.1;

/** Each found network that has rivals, random or shrunk, at its cost: others would win or lose by size alone. */
export function comparisons<Network extends ComparedNetwork>(networks: readonly Network[]): FrontComparison<Network>[] {
  const of = (kind: ComparedNetwork["kind"]) => networks.filter((network) => network.kind === kind);
  const found = of("found");
  if (found.length === 0) return [];
  const named = (rival: Network) => found.find(({ label }) => label === rival.beside);
  const rivals = new Map<Network, Set<Network>>();
  const join = (to: Network, group: readonly Network[]) =>
    rivals.set(to, new Set([...(rivals.get(to) ?? []), ...group]));
  for (const one of of("random")) {
    const own = named(one);
    if (own) join(own, [one]);
  }
  for (const group of budgets(of("random").filter((one) => !named(one)))) {
    join(nearestTo(found, mean(group.map(({ macs }) => macs))), group);
  }
  const shrunk = of("shrunk").map((network) => ({ network, found: named(network) ?? nearestTo(found, network.macs) }));
  return found
    .filter((network) => rivals.has(network) || shrunk.some((one) => one.found === network))
    .map((network) => {
      const random = of("random").filter((one) => rivals.get(network)?.has(one));
      return {
        found: network,
        random,
        ...(random.length > 0 && { overRandom: gainOver([network], random) }),
        beaten: random.filter(({ accuracy }) => network.accuracy > accuracy).length,
        shrunk: shrunk
          .filter((one) => one.found === network)
          .map((one) => ({ network: one.network, gain: gainOver([network], [one.network]) })),
      };
    });
}

/** A measured network, as far as comparing accuracies needs it. */
export type Accurate = Pick<ComparedNetwork, "accuracy" | "images" | "standardError">;

/** What the errors of networks' accuracies are of: "of the 10000 test images". */
export function errorWords(networks: readonly ComparedNetwork[]): string {
  const seeds = Math.max(0, ...networks.map((network) => network.seeds?.length ?? 0));
  const images = `of the ${networks[0].images} test images`;
  return seeds > 0 ? `over ${seeds} trainings where there were so many, else ${images}` : images;
}

/** One standard error of a network's accuracy: over its trainings, or of the test images where it was trained once. */
export function errorOf({ accuracy, images, standardError: own }: Accurate): number {
  return own ?? standardError(accuracy, images);
}

/**
 * How much more accurate networks are on average than others, with the standard error of that difference: each network's own
 * error (of its test images, or over its trainings) and the spread between the networks of each side are in it.
 * @throws ConfigError when a side has no network.
 */
export function gainOver(networks: readonly Accurate[], rivals: readonly Accurate[]): Gain {
  if (networks.length === 0 || rivals.length === 0) {
    throw new ConfigError(
      `gainOver: both sides must have a network at least, got ${networks.length} and ${rivals.length}`,
    );
  }
  const [own, other] = [averageOf(networks), averageOf(rivals)];
  return {
    difference: own.accuracy - other.accuracy,
    standardError: Math.sqrt(own.variance + other.variance),
  };
}

function averageOf(networks: readonly Accurate[]) {
  const accuracies = networks.map(({ accuracy }) => accuracy);
  const own = mean(networks.map((network) => errorOf(network) ** 2));
  // Few may lie close by chance: each one's own error is in their spread, so that it cannot truly be less.
  const variance = networks.length > 1 ? Math.max(sampleVariance(accuracies), own) : own;
  return { accuracy: mean(accuracies), variance: variance / networks.length };
}

/** Random networks by the budget that they were drawn for. */
function budgets<Network extends ComparedNetwork>(random: readonly Network[]): Network[][] {
  const groups: Network[][] = [];
  for (const network of [...random].sort((a, b) => a.macs - b.macs)) {
    const last = groups.at(-1);
    if (last && network.macs <= last[last.length - 1].macs * (1 + NEXT_BUDGET)) last.push(network);
    else groups.push([network]);
  }
  return groups;
}

function nearestTo<Network extends ComparedNetwork>(found: readonly Network[], macs: number): Network {
  const apart = (network: Network) => Math.abs(network.macs - macs);
  return found.reduce((best, other) => (apart(other) < apart(best) ? other : best));
}
