import { ConfigError, type OptionRules, rule } from "../../core";
import type { BlockSupernet, FeatureSource } from "../../distill";
import type { FeatureMap, FeaturePair } from "../../viz";

export interface LabFeatureOptions {
  /** From 1, as in the tables; the last block unless given. */
  readonly block?: number;
  /** The candidate whose features are shown: cell from 0 and one op index a layer; the best rated one unless given. */
  readonly candidate?: { readonly cell: number; readonly path: readonly number[] };
  /** Images, from the first; 3 unless given. */
  readonly images?: number;
  /** Channels: how many (the first ones), or which; 4 unless given. */
  readonly channels?: number | readonly number[];
}

/** What each option must be. */
export const FEATURE_MAP_RULES: OptionRules<LabFeatureOptions> = {
  block: rule.wholeFrom(1),
  // A row of the ratings will do: what it has besides is data, not a misspelt option.
  candidate: {
    must: "a candidate: its cell (a whole number from 0) and its path (a list of them)",
    holds: (value) => {
      const { cell, path } = (value ?? {}) as { cell?: unknown; path?: unknown };
      return rule.wholeFrom(0).holds(cell) && rule.list(rule.wholeFrom(0)).holds(path);
    },
  },
  images: rule.wholeFrom(1),
  channels: rule.either(rule.wholeFrom(1), rule.list(rule.wholeFrom(0))),
};

/** Images whose statistics normalise the student, as when it was trained. */
const BATCH = 64;

/**
 * Feature maps at the end of a block, of the teacher and of a candidate that is fed with what its supernet was.
 * @throws ConfigError when the candidate is not in the block.
 */
export function featurePairs(
  { block, cells }: BlockSupernet,
  { cell, path }: { readonly cell: number; readonly path: readonly number[] },
  features: FeatureSource,
  classes: readonly string[],
  images: number,
): FeaturePair[] {
  const supernet = cells[cell];
  if (!supernet || path.length !== supernet.depth || path.some((op) => !(op >= 0 && op < supernet.opsPerLayer))) {
    throw new ConfigError(
      `supernet.featureMaps: a candidate of block ${block + 1} must name one of its ${cells.length} cells (from 0) and one op a layer, got cell ${cell}, path [${path.join(", ")}]`,
      { cell, path },
    );
  }
  const positions = Uint32Array.from({ length: Math.min(Math.max(images, BATCH), features.count) }, (_, i) => i);
  const labels = features.labels?.(positions) ?? [];
  const input = features.batch(block, positions);
  const target = features.batch(block + 1, positions);
  // The batch's own statistics: nothing of the supernet changes.
  const output = supernet.forward(input, { mode: "batch", path });
  try {
    const [teacher, student] = [target, output].map((tensor) => intoMaps(tensor, images));
    return teacher.map((map, i) => ({
      label: classes[labels[i]] ?? `image ${i + 1}`,
      teacher: map,
      student: student[i],
    }));
  } finally {
    for (const tensor of [input, target, output]) tensor.dispose();
  }
}

interface Maps {
  readonly shape: readonly number[];
  dataSync(): unknown;
}

function intoMaps(tensor: Maps, images: number): FeatureMap[] {
  const [count, height, width, channels] = tensor.shape;
  const values = tensor.dataSync() as Float32Array;
  const size = height * width * channels;
  return Array.from({ length: Math.min(images, count) }, (_, i) => ({
    height,
    width,
    channels,
    values: values.slice(i * size, (i + 1) * size),
  }));
}
