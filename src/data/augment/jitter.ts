import type { Rng } from "../../core";
import type { ImageShape } from "../image-shape";
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from "./colour";
import { between } from "./geometry";
import type { JitterOptions } from "./options";

/** Random changes of an image's colours `[height, width, channels]`, in a random order. */
export function jittered(image: Uint8Array, shape: ImageShape, options: JitterOptions, rng: Rng): Uint8Array {
  const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } = options;
  const factor = (range: number) => between([Math.max(0, 1 - range), 1 + range], rng);
  const changes: readonly ((of: Uint8Array) => Uint8Array)[] = [
    (of) => (brightness > 0 ? adjustBrightness(of, factor(brightness)) : of),
    (of) => (contrast > 0 ? adjustContrast(of, shape, factor(contrast)) : of),
    (of) => (saturation > 0 ? adjustSaturation(of, shape, factor(saturation)) : of),
    (of) => (hue > 0 ? adjustHue(of, shape, between([-hue, hue], rng)) : of),
  ];
  return rng.permutation(changes.length).reduce((changed: Uint8Array, i) => changes[i](changed), image);
}
