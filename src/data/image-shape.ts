/** Shape of an image without the batch: `[height, width, channels]`; structurally that of `src/space`, which data may not import. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Values of one image. */
export function imageSize({ height, width, channels }: ImageShape): number {
  return height * width * channels;
}
