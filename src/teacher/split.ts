import { SpaceError, shown } from "../core";
import type { ImageShape } from "../space";

/** What the division needs to know of one trunk layer. */
export interface TrunkLayer {
  readonly macs: number;
  readonly params: number;
  readonly stride: number;
  readonly input: ImageShape;
  readonly output: ImageShape;
}

/** Consecutive trunk layers of a teacher: the unit of distillation. */
export interface TeacherBlock {
  readonly index: number;
  /** Trunk layers, counted from the stem's first as 0; both belong to the block. */
  readonly firstLayer: number;
  readonly lastLayer: number;
  /** What enters; for block 0 the image. */
  readonly input: ImageShape;
  /** What leaves, and is imitated. */
  readonly output: ImageShape;
  readonly stride: number;
  /** Multiply-adds of convolutions and linear layers for one image. */
  readonly macs: number;
  readonly params: number;
}

/** Price of a cut where neither resolution nor channels change, and where only channels do, in units of imbalance. */
const INSIDE_STAGE = 1;
const CHANNELS_ONLY = 0.1;

/**
 * Divides layers into k consecutive blocks: of all divisions the one with the least sum of imbalance
 * (mean over blocks of (block MACs / even share - 1)^2) and the prices of its cuts, so that stages stay whole unless that
 * would make the blocks very uneven.
 * @returns The last layer of every block but the final one, rising.
 * @throws SpaceError when k is no whole number from 1 to the number of layers.
 */
export function balancedCuts(layers: readonly TrunkLayer[], k: number): number[] {
  const n = layers.length;
  if (!Number.isInteger(k) || k < 1 || k > n) {
    throw new SpaceError(
      `split: k must be a whole number from 1 to ${n}, the number of the teacher's layers before its head, got ${k}`,
      { k, layers: n },
    );
  }
  const before = [0];
  for (const { macs } of layers) before.push(before[before.length - 1] + macs);
  const share = before[n] / k || 1;
  const imbalance = (from: number, to: number) => ((before[to] - before[from]) / share - 1) ** 2 / k;
  // best[b][j]: least price of the first j layers as b blocks; from[b][j]: where the last of these begins.
  const best = Array.from({ length: k + 1 }, () => new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY));
  const from = Array.from({ length: k + 1 }, () => new Int32Array(n + 1));
  best[0][0] = 0;
  for (let b = 1; b <= k; b++) {
    for (let j = b; j <= n - (k - b); j++) {
      for (let i = b - 1; i < j; i++) {
        const price = best[b - 1][i] + imbalance(i, j) + (i > 0 ? cutPrice(layers[i]) : 0);
        if (price < best[b][j]) {
          best[b][j] = price;
          from[b][j] = i;
        }
      }
    }
  }
  const cuts: number[] = [];
  for (let b = k, j = n; b > 1; b--) {
    j = from[b][j];
    cuts.unshift(j - 1);
  }
  return cuts;
}

/** The price of a cut just before a layer. */
function cutPrice({ stride, input, output }: TrunkLayer): number {
  if (stride > 1) return 0;
  return input.channels === output.channels ? INSIDE_STAGE : CHANNELS_ONLY;
}

/**
 * Where to divide a teacher: a number of blocks, "stages" (at the borders of the architecture's own blocks), or cut points,
 * each the last layer of a block but the final one, as an index among the layers before the head or by the name that
 * `blockwise cost` lists ("stem.1", "block2.0"), rising.
 */
export type SplitPoints = number | "stages" | readonly number[] | { readonly after: readonly (number | string)[] };

/** What the names of layers and the borders of stages follow from. */
export interface Staged {
  readonly stem: readonly unknown[];
  readonly blocks: readonly (readonly unknown[])[];
}

/**
 * @throws SpaceError unless it is one of the forms of {@link SplitPoints}, whose numbers are checked with the layers.
 */
export function checkSplitPoints(points: unknown): asserts points is SplitPoints {
  if (typeof points === "number" || points === "stages") return;
  const isList = (value: unknown) => Array.isArray(value) && value.every((point) => typeof point === "number");
  if (isList(points)) return;
  const keys = typeof points === "object" && points !== null && !Array.isArray(points) ? Object.keys(points) : [];
  const after = keys.length === 1 && keys[0] === "after" ? (points as { after: unknown }).after : undefined;
  if (Array.isArray(after) && after.every((point) => typeof point === "number" || typeof point === "string")) return;
  throw new SpaceError(
    `split: must be a number of blocks, "stages", cut points [2, 5], or { after: ["stem.0", "block1.2"] }, got ${shown(points)}`,
  );
}

/**
 * Cut points as layer indices; those between stages, or those given by index or name.
 * @throws SpaceError for a name that no layer before the head has, or names out of order.
 */
export function cutIndices(
  { stem, blocks }: Staged,
  points: "stages" | { readonly after: readonly (number | string)[] },
): number[] {
  const names = [
    ...stem.map((layer, i) => ownName(layer) ?? `stem.${i}`),
    ...blocks.flatMap((layers, block) => layers.map((layer, i) => ownName(layer) ?? `block${block}.${i}`)),
  ];
  if (points === "stages") {
    const stages = blocks.filter((layers) => layers.length > 0).slice(0, -1);
    let end = stem.length - 1;
    return stages.map(({ length }) => {
      end += length;
      return end;
    });
  }
  const indices = points.after.map((point) => {
    if (typeof point === "number") return point;
    const index = names.indexOf(point);
    if (index >= 0) return index;
    throw new SpaceError(
      `split: a named cut point must be a layer before the head, one of ${names.join(", ")}, got ${JSON.stringify(point)}`,
      { point, names },
    );
  });
  const falls = indices.findIndex(
    (index, i) => i > 0 && index <= indices[i - 1] && typeof points.after[i] === "string",
  );
  if (falls < 0) return indices;
  const [before, point] = [points.after[falls - 1], points.after[falls]].map((one) => JSON.stringify(one));
  throw new SpaceError(
    `split: named cut points must be different and in the network's order, and ${point} does not come after ${before}; the order is ${names.join(", ")}`,
    { after: points.after, names },
  );
}

/** The layers of a model of TensorFlow.js are called as they are there. */
function ownName(layer: unknown): string | undefined {
  const { kind, name } = (layer ?? {}) as { readonly kind?: string; readonly name?: string };
  return kind === "foreign" ? name : undefined;
}

/**
 * The blocks between given cuts.
 * @param cuts The last layer of every block but the final one, rising.
 * @throws SpaceError when cuts do not rise or lie outside the layers.
 */
export function blocksAt(layers: readonly TrunkLayer[], cuts: readonly number[]): TeacherBlock[] {
  const n = layers.length;
  const rising = cuts.every(
    (cut, i) => Number.isInteger(cut) && cut >= 0 && cut < n - 1 && (i === 0 || cut > cuts[i - 1]),
  );
  if (!rising) {
    throw new SpaceError(
      `split: cut points must be rising whole numbers from 0 to ${n - 2} (each the last layer of a block, the final block's left out), got [${cuts.join(", ")}]`,
      { cuts, layers: n },
    );
  }
  const ends = [...cuts, n - 1];
  return ends.map((lastLayer, index) => {
    const firstLayer = index === 0 ? 0 : ends[index - 1] + 1;
    const own = layers.slice(firstLayer, lastLayer + 1);
    return {
      index,
      firstLayer,
      lastLayer,
      input: own[0].input,
      output: own[own.length - 1].output,
      stride: own.reduce((product, { stride }) => product * stride, 1),
      macs: own.reduce((sum, { macs }) => sum + macs, 0),
      params: own.reduce((sum, { params }) => sum + params, 0),
    };
  });
}
