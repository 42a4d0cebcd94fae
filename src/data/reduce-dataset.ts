import sharp from "sharp";
import { DataError, Rng, shown } from "../core";
import { datasetFingerprint } from "./dataset";
import { stratifiedParts, takeImages } from "./holdout";
import { imageSize } from "./image-shape";
import { imageAt } from "./stored-pictures";
import type { Dataset, Split } from "./types";

/** Images that are resized at the same time. */
const TOGETHER = 64;

/**
 * A data set with so many of its training images, classes in their proportion. By one seed a smaller number's images are among
 * a larger one's. Validation and test stay.
 * @throws DataError when there are fewer.
 */
export function withTrainImages(data: Dataset, count: number, seed: number): Dataset {
  if (count === data.train.count) return data;
  const rng = new Rng(seed).fork("train images");
  const [indices] = stratifiedParts(data.train.labels, [count], rng, "withTrainImages");
  return named({ ...data, train: takeImages(data.train, indices, imageSize(data.shape)) });
}

/**
 * A data set whose images are scaled to another size in pixels (bilinear, averaging where they shrink), in memory.
 * Preprocessing stays as it was measured on the images as they were.
 * @throws DataError when a side is no whole number from 1.
 */
export async function withResolution(
  data: Dataset,
  to: { readonly height: number; readonly width: number },
): Promise<Dataset> {
  const { height, width, channels } = data.shape;
  if (![to.height, to.width].every((side) => Number.isSafeInteger(side) && side >= 1)) {
    throw new DataError(
      `withResolution: height and width must be whole numbers of pixels from 1, got ${shown(to.height)} and ${shown(to.width)}`,
    );
  }
  if (height === to.height && width === to.width) return data;
  const shape = { height: to.height, width: to.width, channels };
  const scaled = async (split: Split): Promise<Split> => {
    const size = imageSize(shape);
    const images = new Uint8Array(split.count * size);
    for (let start = 0; start < split.count; start += TOGETHER) {
      const places = Array.from({ length: Math.min(TOGETHER, split.count - start) }, (_, i) => start + i);
      await Promise.all(
        places.map(async (at) => {
          const raw = { width, height, channels: channels as 1 | 3 };
          const values = await sharp(imageAt(split, at, imageSize(data.shape)), { raw })
            .resize(to.width, to.height, { fit: "fill", kernel: "linear" })
            .toColourspace(channels === 1 ? "b-w" : "srgb")
            .raw()
            .toBuffer();
          images.set(values, at * size);
        }),
      );
    }
    return { count: split.count, images, labels: split.labels };
  };
  const [train, validation, test] = [await scaled(data.train), await scaled(data.validation), await scaled(data.test)];
  return named({ ...data, shape, train, validation, test });
}

function named(data: Dataset): Dataset {
  return { ...data, fingerprint: datasetFingerprint(data) };
}
