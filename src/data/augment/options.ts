import { ConfigError, type OptionRule, type OptionRules, type Rng, rule, shown } from "../../core";
import type { ImageShape } from "../image-shape";

/** Random crops scaled back to the image's size (Szegedy et al., arXiv 1409.4842; torchvision's RandomResizedCrop, bilinear). */
export interface CropOptions {
  /** Least and largest share of the image's area; [0.08, 1] unless given. */
  readonly scale?: readonly [low: number, high: number];
  /** Least and largest width by height; [3/4, 4/3] unless given. */
  readonly ratio?: readonly [low: number, high: number];
}

/** Random changes of colour, in a random order (torchvision's ColorJitter). Grey images have neither saturation nor hue. */
export interface JitterOptions {
  /** Factor from max(0, 1 - b) to 1 + b. */
  readonly brightness?: number;
  readonly contrast?: number;
  readonly saturation?: number;
  /** Turn of the colour circle from -h to h, at most 0.5. */
  readonly hue?: number;
}

/** RandAugment (Cubuk et al., arXiv 1909.13719): some of fourteen operations, drawn with replacement, of one magnitude. */
export interface RandAugmentOptions {
  /** N, 2 unless given. */
  readonly ops?: number;
  /** M of 0 to 30, 9 unless given. */
  readonly magnitude?: number;
}

/** Random erasing (Zhong et al., arXiv 1708.04896) of a rectangle, which becomes the mean colour. */
export interface EraseOptions {
  /** Share of images that lose a rectangle, 0.25 unless given. */
  readonly share?: number;
  /** Least and largest share of the image's area; [0.02, 0.33] unless given. */
  readonly scale?: readonly [low: number, high: number];
  /** Least and largest height by width; [0.3, 3.3] unless given. */
  readonly ratio?: readonly [low: number, high: number];
}

/** Random changes of a training image, in this order: crop, flip and shift, jitter, randAugment, erase; then mixup of pairs. */
export interface Augmentation {
  /** Mirrors left and right, half of the time. */
  readonly flip?: boolean;
  /** Moves by up to so many pixels in each direction; what comes in is black. */
  readonly shift?: number;
  readonly crop?: CropOptions;
  readonly jitter?: JitterOptions;
  readonly randAugment?: RandAugmentOptions;
  readonly erase?: EraseOptions;
  /**
   * Mixup (Zhang et al., arXiv 1710.09412): each batch is mixed with itself in another order, images and labels alike, by a
   * share drawn from Beta(alpha, alpha). This is alpha, 0.2 in the paper; no mixing unless given.
   */
  readonly mixup?: number;
}

/** Where the draws come from; one stream a batch keeps batches independent of each other. */
export interface AugmentationDraw extends Augmentation {
  readonly rng: Rng;
}

export const CROP_DEFAULTS = { scale: [0.08, 1], ratio: [3 / 4, 4 / 3] } as const;
export const RAND_AUGMENT_DEFAULTS = { ops: 2, magnitude: 9 } as const;
export const ERASE_DEFAULTS = { share: 0.25, scale: [0.02, 0.33], ratio: [0.3, 3.3] } as const;
/** Magnitudes of RandAugment are 0 to this. */
export const MOST_MAGNITUDE = 30;

/** Two numbers, the lower first. */
function interval(low: number, high: number): OptionRule {
  return {
    must: `an interval [low, high] within (${low}, ${high}]`,
    holds: (value) =>
      Array.isArray(value) &&
      value.length === 2 &&
      value.every((end) => Number.isFinite(end) && end > low && end <= high) &&
      value[0] <= value[1],
  };
}

const RATIO = interval(0, 100);

/** What each option must be. */
export const AUGMENTATION_RULES: OptionRules<Augmentation> = {
  flip: rule.boolean,
  shift: rule.wholeFrom(0),
  crop: rule.options<CropOptions>({ scale: interval(0, 1), ratio: RATIO }),
  jitter: rule.options<JitterOptions>({
    brightness: rule.from(0),
    contrast: rule.from(0),
    saturation: rule.from(0),
    hue: rule.within(0, 0.5),
  }),
  randAugment: rule.options<RandAugmentOptions>({
    ops: rule.wholeFrom(1),
    magnitude: {
      must: `a whole number from 0 to ${MOST_MAGNITUDE}`,
      holds: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_MAGNITUDE,
    },
  }),
  erase: rule.options<EraseOptions>({ share: rule.within(0, 1), scale: interval(0, 1), ratio: RATIO }),
  mixup: rule.above(0),
};

/** @throws ConfigError when changes of colour are asked for images that are neither grey nor RGB. */
export function checkAugmentation(
  { jitter, randAugment }: Augmentation,
  { channels }: ImageShape,
  where: string,
): void {
  if (channels === 1 || channels === 3) return;
  const asked = jitter ? "jitter" : randAugment ? "randAugment" : undefined;
  if (!asked) return;
  throw new ConfigError(
    `${where}: augment.${asked} is for images of 1 or 3 channels, got ${shown(channels)}; leave it out`,
    { option: `augment.${asked}`, channels },
  );
}
