import { DataError, type Rng } from "../core";
import type { Split } from "./types";

/**
 * Draws `counts[0]`, `counts[1]`, ... images without overlap, each part with the classes in the proportion of all labels.
 * @returns Image indices of each part, ascending. With one seed a smaller later part lies inside a larger one.
 * @throws DataError when the parts need more images than there are.
 */
export function stratifiedParts(labels: Uint8Array, counts: readonly number[], rng: Rng, where: string): Uint32Array[] {
  const needed = counts.reduce((sum, n) => sum + n, 0);
  if (needed > labels.length || counts.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new DataError(
      `${where}: the parts must be whole numbers that together need at most ${labels.length} images, got ${counts.join(" + ")}; ask for fewer`,
      { available: labels.length, counts },
    );
  }
  const classes = byClass(labels).map((members, i) => shuffled(members, rng.fork(`class${i}`)));
  const taken = classes.map(() => 0);
  return counts.map((count) => {
    const quotas = shares(
      classes.map((members, i) => members.length - taken[i]),
      count,
      classes.map((members) => members.length),
    );
    const part = quotas.flatMap((quota, i) => {
      const chosen = classes[i].slice(taken[i], taken[i] + quota);
      taken[i] += quota;
      return [...chosen];
    });
    return Uint32Array.from(part).sort();
  });
}

/** Copies the images with the given indices. */
export function takeImages(split: Split, indices: Uint32Array, size: number): Split {
  const images = new Uint8Array(indices.length * size);
  const labels = new Uint8Array(indices.length);
  indices.forEach((index, at) => {
    images.set(split.images.subarray(index * size, (index + 1) * size), at * size);
    labels[at] = split.labels[index];
  });
  return { count: indices.length, images, labels };
}

function byClass(labels: Uint8Array): number[][] {
  const members: number[][] = Array.from({ length: Math.max(0, ...new Set(labels)) + 1 }, () => []);
  for (let i = 0; i < labels.length; i++) members[labels[i]].push(i);
  return members;
}

function shuffled(members: readonly number[], rng: Rng): number[] {
  return Array.from(rng.permutation(members.length), (i) => members[i]);
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
