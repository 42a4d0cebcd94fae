import { rule } from "./options";

/** Shape of an image or feature map without the batch: `[height, width, channels]`. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Of an option that is a shape. */
export const IMAGE_RULE = rule.options<ImageShape>({
  height: rule.wholeFrom(1),
  width: rule.wholeFrom(1),
  channels: rule.wholeFrom(1),
});
