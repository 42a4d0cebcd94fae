import { Rng } from "../core";
import type { Split } from "./types";

/** Indices of so many images of a split, drawn by the seed and the step's name; undefined for all of them. */
export function drawImages(
  split: Split,
  count: number | undefined,
  seed: number,
  step: string,
): Uint32Array | undefined {
  if (count === undefined || count >= split.count) return undefined;
  return new Rng(seed).fork(`dna/${step}/images`).permutation(split.count).subarray(0, count);
}
