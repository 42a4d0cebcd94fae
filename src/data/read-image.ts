import { lstatSync, type Stats, statSync } from "node:fs";
import { DataError, decoderReason } from "../core";
import { decodePicture } from "./decode-picture";
import type { ImageShape } from "./image-shape";

/** An image file brought to the shape a network takes. */
export interface ReadImage {
  /** `[height, width, channels]`, 0..255. */
  readonly values: Uint8Array;
  /** What was done to its size, in words. */
  readonly resizing: string;
}

/**
 * Reads an image file as greyscale (1 channel) or RGB (3), upright, on black where transparent; another size is scaled to
 * fit (Lanczos) with its proportions kept, and padded with black.
 * @throws DataError when the file is absent, no regular file or no image, or the shape has another number of channels.
 */
export async function readImage(path: string, { height, width, channels }: ImageShape): Promise<ReadImage> {
  if (channels !== 1 && channels !== 3) {
    throw new DataError(`readImage: an image has 1 or 3 channels, ${channels} are asked for`, { channels });
  }
  const at = statSync(path, { throwIfNoEntry: false });
  // Reading a pipe or a device would wait for ever.
  if (!at?.isFile()) {
    throw new DataError(`readImage: ${path} must be an image file, and ${whyNoFile(path, at)}`, { path });
  }
  try {
    const { values, from } = await decodePicture(path, { height, width, channels });
    return { values, resizing: describeResizing(from, { width, height }) };
  } catch (cause) {
    throw new DataError(
      `readImage: ${path} must be an image that can be decoded (PNG, JPEG, WebP, TIFF, GIF, AVIF), got: ${decoderReason(cause)}`,
      { path },
      { cause },
    );
  }
}

function whyNoFile(path: string, at: Stats | undefined): string {
  if (at) return at.isDirectory() ? "is a folder" : "is no regular file";
  return lstatSync(path, { throwIfNoEntry: false }) ? "is a link that leads nowhere" : "does not exist";
}

function describeResizing(from: { width: number; height: number }, to: { width: number; height: number }): string {
  if (from.width === to.width && from.height === to.height) return "none: the image has the network's size";
  const scale = Math.min(to.width / from.width, to.height / from.height);
  const [width, height] = [from.width * scale, from.height * scale].map((side) => Math.max(1, Math.round(side)));
  const padded = width === to.width && height === to.height ? "" : `, padded with black to ${to.width}x${to.height}`;
  return `${from.width}x${from.height} scaled to ${width}x${height} (Lanczos)${padded}`;
}
