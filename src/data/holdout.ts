import { DataError, type Rng } from "../core";
import { imagesInMemory, storedSplit } from "./stored-pictures";
import type { Labels, Split } from "./types";

export interface StratifyOptions {
  /**
   * Every class has at least one image in each part, as far as it has enough of them: the last part comes first, then the
   * one before it. Without it a class of few images may be missing in a part, which then is closer to the proportions.
   */
  readonly everyClass?: boolean;
}

/**
 * Draws `counts[0]`, `counts[1]`, ... images without overlap, each part with the classes in the proportion of all labels.
 * @returns Image indices of each part, ascending. With one seed a smaller later part lies inside a larger one.
 * @throws DataError when the parts need more images than there are.
 */
export function stratifiedParts(
  labels: Labels,
  counts: readonly number[],
  rng: Rng,
  where: string,
  { everyClass = false }: StratifyOptions = {},
): Uint32Array[] {
  const needed = counts.reduce((sum, n) => sum + n, 0);
  if (needed > labels.length || counts.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new DataError(
      `${where}: the parts must be whole numbers that together need at most ${labels.length} images, got ${counts.join(" + ")}; ask for fewer`,
      { available: labels.length, counts },
    );
  }
  const classes = byClass(labels).map((members, i) => shuffled(members, rng.fork(`class${i}`)));
  const taken = classes.map(() => 0);
  return counts.map((count, at) => {
    const left = classes.map((members, i) => members.length - taken[i]);
    const sizes = classes.map((members) => members.length);
    // One image of a class is kept back for each part that comes later.
    const later = counts.slice(at + 1).filter((n) => n > 0).length;
    const quotas = everyClass ? coveringShares(left, count, sizes, later) : shares(left, count, sizes);
    const part = quotas.flatMap((quota, i) => {
      const chosen = classes[i].slice(taken[i], taken[i] + quota);
      taken[i] += quota;
      return [...chosen];
    });
    return Uint32Array.from(part).sort();
  });
}

/** Takes the images with the given indices: a copy, or of images that stay in a file their places. */
export function takeImages(split: Split, indices: Uint32Array, size: number): Split {
  const labels = split.labels.slice(0, indices.length);
  indices.forEach((index, at) => {
    labels[at] = split.labels[index];
  });
  const { stored } = split;
  if (stored) return storedSplit({ ...stored, places: indices.map((index) => stored.places[index]) }, labels);
  return { count: indices.length, images: imagesInMemory(split, indices, size), labels };
}

/** How many images each class has. */
export function classCounts(labels: Labels, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]++;
  return counts;
}

function byClass(labels: Labels): number[][] {
  const members: number[][] = Array.from({ length: Math.max(0, ...new Set(labels)) + 1 }, () => []);
  for (let i = 0; i < labels.length; i++) members[labels[i]].push(i);
  return members;
}

function shuffled(members: readonly number[], rng: Rng): number[] {
  return Array.from(rng.permutation(members.length), (i) => members[i]);
}

/**
 * As {@link shares}, but leaves `later` images of each class and takes at least one of each, where classes have so many and
 * the count allows it. Where nothing is short this changes nothing.
 */
function coveringShares(left: readonly number[], count: number, weights: readonly number[], later: number): number[] {
  const capped = left.map((n) => Math.max(0, n - later));
  const most = capped.reduce((sum, n) => sum + n, 0) >= count ? capped : left;
  const quotas = shares(most, count, weights);
  const short = quotas.flatMap((quota, i) => (quota === 0 && most[i] > 0 ? [i] : []));
  for (const i of short) {
    const largest = quotas.reduce((best, quota, j) => (quota > quotas[best] ? j : best), 0);
    if (quotas[largest] < 2) break;
    quotas[largest]--;
    quotas[i] = 1;
  }
  return quotas;
}

/** Divides `count` over the classes in proportion to `weights` (largest remainder), never above what is left of a class. */
function shares(left: readonly number[], count: number, weights: readonly number[]): number[] {
  const total = weights.reduce((sum, n) => sum + n, 0);
  const exact = weights.map((weight) => (count * weight) / total);
  const quotas = exact.map((share, i) => Math.min(left[i], Math.floor(share)));
  const order = exact.map((share, i) => ({ i, rest: share - Math.floor(share) })).sort((a, b) => b.rest - a.rest);
  let missing = count - quotas.reduce((sum, n) => sum + n, 0);
  while (missing > 0) {
    for (const { i } of order) {
      if (missing > 0 && quotas[i] < left[i]) {
        quotas[i]++;
        missing--;
      }
    }
  }
  return quotas;
}
