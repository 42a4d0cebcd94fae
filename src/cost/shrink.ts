import { BudgetInfeasibleError, ConfigError, checkOptions, formatCount, rule } from "../core";
import {
  type Architecture,
  depthOf,
  refuseForeign,
  scaledChannels,
  widthGroups,
  withDepth,
  withWidths,
} from "../space";
import { type NetworkCost, networkCost } from "./network-cost";

/** What a network can be shrunk to a number of. */
export type ShrinkCost = "macs" | "params" | "activationBytes";

/** "width": one factor for all channels. "compound": depth and width together, the resolution fixed. */
export type ShrinkBy = "width" | "compound";

/** A network shrunk uniformly. */
export interface ShrunkNetwork {
  readonly architecture: Architecture;
  readonly cost: NetworkCost;
  readonly by: ShrinkBy;
  /** Factor of the channels, before rounding. */
  readonly width: number;
  /** Layers of the blocks, as a share of those before. */
  readonly depth: number;
  /** How far its cost lies from the target, as a share of the target; negative below it. */
  readonly off: number;
}

/**
 * Growth of depth and width with the compound coefficient: 1.2^phi and 1.1^phi (Tan and Le, EfficientNet, ICML 2019, section
 * 3.3); phi is negative here, and the resolution (1.15^phi there) stays, since all networks see the same images.
 */
const COMPOUND = { depth: 1.2, width: 1.1 } as const;
/** Coefficients to look at: down to 1.2^-20, one layer a stage. */
const COEFFICIENTS = Array.from({ length: 401 }, (_, i) => -i / 20);
/** Halvings of the interval of width factors: beyond them a factor rounds to the same channels. */
const HALVINGS = 44;
/** Within so much of the target nobody looks for other roundings. */
const NEAR = 0.005;
/** Costs that differ by no more, as a share, are called equal. */
const EQUAL = 0.03;

/**
 * Shrinks a network uniformly to a cost. Widths are whole channels, rounded from one factor for all layers (where that lands
 * further than 0.5 % from the target, up or down as comes nearest to it, and where that is still further than 3 %, some by
 * one channel more); kernels, strides, expansions and resolution stay.
 * Depth is rounded to the nearest whole layer of each stage, one at least; the width then takes up what is left.
 * @param target How many MACs, parameters or activation bytes (one image, float32).
 * @throws BudgetInfeasibleError when one channel a layer still costs more, ConfigError when the target is none or more than
 *   the network has.
 */
export function shrinkArchitecture(
  architecture: Architecture,
  target: number,
  { cost: name = "macs", by = "width" }: { readonly cost?: ShrinkCost; readonly by?: ShrinkBy } = {},
): ShrunkNetwork {
  checkOptions("shrink", { target, by }, { target: rule.above(0), by: rule.oneOf("width", "compound") });
  refuseForeign(
    architecture,
    "shrink",
    "compare with random networks of the same cost, which need no teacher's layers",
  );
  const whole = networkCost(architecture)[name];
  if (target > whole) {
    throw new ConfigError(
      `shrink: the target of ${formatCount(target)} ${name} must be at most what ${architecture.name} has, ${formatCount(whole)}`,
      { target, whole },
    );
  }
  const layers = depthOf(architecture);
  const finished = (depthScaled: Architecture): ShrunkNetwork | undefined => {
    const at = atCost(depthScaled, target, name);
    return at && { ...at, by, depth: depthOf(depthScaled) / layers, off: at.cost[name] / target - 1 };
  };
  const shrunk = by === "width" ? finished(architecture) : compound(architecture, finished);
  if (shrunk) return shrunk;
  const least = networkCost(
    withWidths(
      architecture,
      widthGroups(architecture).map(() => 1),
    ),
  )[name];
  throw new BudgetInfeasibleError(
    `shrink: ${architecture.name} must have at least ${formatCount(least)} ${name} with one channel a layer, the target is ${formatCount(target)}; ask for more`,
    { target, least },
  );
}

/** Of all depths that the coefficient passes, the one whose width lies nearest to the coefficient's own. */
function compound(
  architecture: Architecture,
  finished: (depthScaled: Architecture) => ShrunkNetwork | undefined,
): ShrunkNetwork | undefined {
  const known = new Map<number, ShrunkNetwork | undefined>();
  let best: ShrunkNetwork | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const phi of COEFFICIENTS) {
    const depthScaled = withDepth(architecture, COMPOUND.depth ** phi);
    // Layers only ever go, so their number names the depth.
    const layers = depthScaled.blocks.flat().length;
    if (!known.has(layers)) known.set(layers, finished(depthScaled));
    const shrunk = known.get(layers);
    const apart = shrunk ? Math.abs(Math.log(shrunk.width / COMPOUND.width ** phi)) : Number.POSITIVE_INFINITY;
    if (apart < least) [best, least] = [shrunk, apart];
  }
  return best;
}

type AtCost = Pick<ShrunkNetwork, "architecture" | "cost" | "width">;

/** The network of the factor that comes nearest to the cost; undefined where even one channel a layer, or all, miss it. */
function atCost(architecture: Architecture, target: number, name: ShrinkCost): AtCost | undefined {
  const groups = widthGroups(architecture);
  const tried = new Map<string, AtCost>();
  const off = ({ cost }: AtCost) => Math.abs(cost[name] / target - 1);
  const take = (widths: readonly number[], width: number): AtCost => {
    const key = widths.join();
    const before = tried.get(key);
    if (before) return before;
    const scaled = withWidths(architecture, widths);
    const made = { architecture: scaled, cost: networkCost(scaled), width };
    tried.set(key, made);
    return made;
  };
  const at = (width: number) =>
    take(
      groups.map(({ channels }, group) => scaledChannels(channels, width, group)),
      width,
    );
  let [low, high] = [0, 1];
  const whole = at(high);
  if (whole.cost[name] < target * (1 - 1e-9)) return undefined;
  if (at(low).cost[name] > target) return undefined;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (at(middle).cost[name] <= target) low = middle;
    else high = middle;
  }
  const nearest = () => [...tried.values()].reduce((best, other) => (off(other) < off(best) ? other : best));
  // Few channels leave large steps: then a width may also be one channel further off.
  for (const [most, further] of [
    [NEAR, 0],
    [EQUAL, 1],
  ]) {
    if (off(nearest()) <= most) break;
    const bounds = groups.map(({ channels }) => {
      const exact = channels * low;
      return [Math.max(1, Math.floor(exact) - further), Math.min(channels, Math.ceil(exact) + further)] as const;
    });
    roundOtherwise(bounds, (widths) => off(take(widths, low)));
  }
  return nearest();
}

/**
 * Changes one or two widths at a time by a channel, as long as that brings a cost nearer.
 * @param bounds Of each width; the lower one is where it begins.
 */
function roundOtherwise(
  bounds: readonly (readonly [low: number, high: number])[],
  off: (widths: readonly number[]) => number,
): void {
  const places = [...bounds.keys()];
  const moves = places.flatMap((i) =>
    places
      .slice(i)
      .flatMap((j) => [-1, 1].flatMap((a) => (i === j ? [[i, a, j, 0]] : [0, -1, 1].map((b) => [i, a, j, b])))),
  );
  let widths = bounds.map(([low]) => Math.max(1, low));
  let least = off(widths);
  for (let improved = true; improved && least > NEAR; ) {
    improved = false;
    const start = widths;
    for (const [i, a, j, b] of moves) {
      const other = start.map((width, k) => width + (k === i ? a : 0) + (k === j ? b : 0));
      if (bounds.some(([low, high], k) => other[k] < low || other[k] > high)) continue;
      const distance = off(other);
      if (distance < least) [widths, least, improved] = [other, distance, true];
    }
  }
}
