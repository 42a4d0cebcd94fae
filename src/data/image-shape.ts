import type { ImageShape } from "../core";

export type { ImageShape };

/** Values of one image. */
export function imageSize({ height, width, channels }: ImageShape): number {
  return height * width * channels;
}
