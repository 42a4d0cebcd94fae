import { checkOptions, type OptionRules, Rng, rule } from "../core";
import { prepareDataset } from "./dataset";
import type { ImageShape } from "./image-shape";
import { type Dataset, emptyLabels, type RawDataset, type Split } from "./types";

export interface SyntheticOptions {
  readonly seed?: number;
  readonly classes?: number;
  readonly shape?: ImageShape;
  /** Images in the training file, of which validation is held out. */
  readonly count?: number;
  readonly validationCount?: number;
  readonly testCount?: number;
  /** Standard deviation of the noise, in bytes. */
  readonly noise?: number;
}

const SYNTHETIC_RULES: OptionRules<SyntheticOptions> = {
  seed: rule.whole,
  classes: rule.wholeFrom(1),
  shape: rule.options<ImageShape>({
    height: rule.wholeFrom(1),
    width: rule.wholeFrom(1),
    channels: rule.wholeFrom(1),
  }),
  count: rule.wholeFrom(1),
  validationCount: rule.wholeFrom(1),
  testCount: rule.wholeFrom(1),
  noise: rule.from(0),
};

/** Images that a small network learns in seconds, for tests: each class is a stripe pattern of its own, shifted and noisy. */
export function syntheticDataset(options: SyntheticOptions = {}): Dataset {
  const { seed = 1, validationCount = 32 } = options;
  return prepareDataset(syntheticImages(options), { seed, validationCount });
}

/**
 * The same, not yet divided.
 * @throws ConfigError when an option is not known or out of its range.
 */
export function syntheticImages(options: SyntheticOptions = {}): RawDataset {
  checkOptions("syntheticImages", options, SYNTHETIC_RULES);
  const { seed = 1, classes = 4, shape = { height: 8, width: 8, channels: 1 }, noise = 25 } = options;
  const { count = 128, testCount = 32 } = options;
  const rng = new Rng(seed).fork("synthetic");
  const part = (name: string, images: number) => draw(images, classes, shape, noise, rng.fork(name));
  return {
    name: "synthetic",
    classes: Array.from({ length: classes }, (_, i) => `pattern ${i}`),
    shape,
    train: part("train", count),
    test: part("test", testCount),
  };
}

function draw(count: number, classes: number, shape: ImageShape, noise: number, rng: Rng): Split {
  const { height, width, channels } = shape;
  const images = new Uint8Array(count * height * width * channels);
  const labels = emptyLabels(count, classes);
  for (let i = 0; i < count; i++) labels[i] = i % classes;
  let at = 0;
  for (const label of labels) {
    const angle = (Math.PI * label) / classes;
    const phase = rng.uniform() * 1.5;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const wave = Math.sin(1.6 * (x * Math.cos(angle) + y * Math.sin(angle)) + phase);
        for (let c = 0; c < channels; c++) {
          const value = 128 + 90 * wave + noise * rng.normal();
          images[at++] = Math.max(0, Math.min(255, Math.round(value)));
        }
      }
    }
  }
  return { count, images, labels };
}
