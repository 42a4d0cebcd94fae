import { type ImageShape, imageSize } from "./image-shape";
import { imageChunks } from "./stored-pictures";
import type { Preprocessing, Split } from "./types";

/** Mean and standard deviation a channel, on the scale 0..1, over all pixels of a split. */
export function measurePreprocessing(split: Split, shape: ImageShape): Preprocessing {
  const { channels } = shape;
  const pixels = (split.count * imageSize(shape)) / channels;
  // Sums of bytes and their squares stay exact in a double far beyond any data set.
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (const values of imageChunks(split, imageSize(shape))) {
    for (let i = 0; i < values.length; i += channels) {
      for (let c = 0; c < channels; c++) {
        const value = values[i + c];
        sums[c] += value;
        squares[c] += value * value;
      }
    }
  }
  const mean = Array.from(sums, (sum) => sum / pixels / 255);
  const std = Array.from(squares, (square, c) => {
    const variance = square / pixels / 255 ** 2 - mean[c] ** 2;
    // A channel without variation is only centred.
    return variance > 1e-12 ? Math.sqrt(variance) : 1;
  });
  return { mean, std };
}

/** For each channel and byte the network's input value: `table[channel * 256 + byte]`. */
export function normalisationTable({ mean, std }: Preprocessing): Float32Array {
  const table = new Float32Array(mean.length * 256);
  mean.forEach((m, c) => {
    for (let byte = 0; byte < 256; byte++) table[c * 256 + byte] = (byte / 255 - m) / std[c];
  });
  return table;
}
