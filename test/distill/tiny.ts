import { Rng } from "../../src/core";
import type { FeatureSource } from "../../src/distill";
import { tf } from "../../src/engine";
import {
  type BlockVariant,
  blockSpace,
  type CandidateOp,
  conv,
  type ImageShape,
  mbconv,
  type SearchSpace,
} from "../../src/space";

const shape = (size: number, channels: number): ImageShape => ({ height: size, width: size, channels });

/** Two blocks on 8x8 images with two ops a layer; small enough for any engine. */
export function tinySpace(
  cells: readonly (readonly BlockVariant[])[] = TINY_CELLS,
  ops: readonly CandidateOp[] = mbconv([3, 5], [2]),
): SearchSpace {
  const blocks = [
    { input: shape(8, 1), output: shape(4, 4) },
    { input: shape(4, 4), output: shape(2, 6) },
  ];
  return blockSpace(blocks, {
    name: "tiny",
    ops,
    cells,
    stem: [conv(3, 4, { stride: 1 })],
    head: [conv(1, 8)],
    classes: 4,
  });
}

const TINY_CELLS: BlockVariant[][] = [
  [
    { depth: 1, width: 4 },
    { depth: 2, width: 3 },
  ],
  [
    { depth: 2, width: 4 },
    { depth: 1, width: 6 },
  ],
];

/**
 * Features of a made-up teacher: images of smooth noise; each next boundary is a fixed random mix of the channels of the
 * one before, averaged over 2x2 places.
 */
export function tinyFeatures(space: SearchSpace, count: number, seed = 1): FeatureSource {
  const rng = new Rng(seed).fork("tiny features");
  const shapes = [space.input, ...space.blocks.map(({ output }) => output)];
  const { height, width, channels } = space.input;
  const images = Float32Array.from({ length: count * height * width * channels }, () => rng.normal());
  const mixes = shapes.slice(1).map((to, i) => {
    const draw = new Rng(7).fork(`mix${i}`);
    return Float32Array.from({ length: shapes[i].channels * to.channels }, () => draw.normal());
  });
  // All images at once, and once: a product of other rows may be rounded otherwise, and a store's features are fixed.
  const kept = new Map([[0, images]]);
  const mapsAt = (boundary: number): Float32Array => {
    const maps = kept.get(boundary) ?? next(mapsAt(boundary - 1), boundary - 1);
    kept.set(boundary, maps);
    return maps;
  };
  const next = (before: Float32Array, i: number) =>
    tf.tidy(() => {
      const { height, width, channels } = shapes[i];
      const mix = tf.tensor4d(mixes[i], [1, 1, channels, shapes[i + 1].channels]);
      const mixed = tf.conv2d(tf.tensor4d(before, [count, height, width, channels]), mix, 1, "same");
      return Float32Array.from(tf.tanh(tf.avgPool(mixed, 2, 2, "same")).dataSync());
    });
  return {
    count,
    shapes,
    fingerprint: `tiny-${seed}-${count}`,
    batch(boundary, positions) {
      const { height, width, channels } = shapes[boundary];
      const size = height * width * channels;
      const maps = mapsAt(boundary);
      const taken = new Float32Array(positions.length * size);
      for (let i = 0; i < positions.length; i++) {
        taken.set(maps.subarray(positions[i] * size, (positions[i] + 1) * size), i * size);
      }
      return tf.tensor4d(taken, [positions.length, height, width, channels]);
    },
  };
}

/** Features that a block without stride brings from one boundary to the next: noise, and the same noise reversed along the channels. */
export function sameShapeFeatures(count: number): FeatureSource {
  const size = 6 * 6 * 4;
  const rng = new Rng(1).fork("same shape features");
  const maps = Float32Array.from({ length: count * size }, () => rng.normal());
  return {
    count,
    shapes: [shape(6, 4), shape(6, 4)],
    fingerprint: `same-shape-${count}`,
    batch(boundary, positions) {
      return tf.tidy(() => {
        const taken = Array.from(positions, (at) => [...maps.subarray(at * size, (at + 1) * size)]).flat();
        const batch = tf.tensor4d(taken, [positions.length, 6, 6, 4]);
        return boundary === 0 ? batch : tf.reverse4d(batch, 3);
      });
    },
  };
}

/** A source whose features at one boundary are not finite from the n-th batch on. */
export function breaking(features: FeatureSource, boundary: number, afterBatches: number): FeatureSource {
  let batches = 0;
  return {
    ...features,
    batch(at, positions) {
      const maps = features.batch(at, positions);
      if (at !== boundary || batches++ < afterBatches) return maps;
      return tf.tidy(() => {
        const broken = tf.mul(maps, Number.NaN) as typeof maps;
        maps.dispose();
        return broken;
      });
    },
  };
}
