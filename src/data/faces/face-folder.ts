import { existsSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { checkOptions, DataError, rule, type StepContext } from "../../core";
import { pictureFiles } from "../picture-files";
import { pictureLayout } from "../picture-layout";
import { MEMORY_RULE, type PictureOptions, readPictures } from "../pictures";
import type { FaceSet } from "./types";

export interface FaceFolderOptions extends Pick<PictureOptions, "shape" | "memory"> {
  /** What the faces are called; the folder's name when left out. */
  readonly name?: string;
}

/**
 * Reads aligned faces from a folder, or a zip file of it, that has one folder an identity, as LFW and CASIA-WebFace are handed
 * out: `lfw/Ann_Example/Ann_Example_0001.jpg`. Nothing is detected or aligned here. An identity may have a single picture.
 * @throws DataError when the folder is absent or has no such layout, a picture cannot be read, or sizes differ and no shape is
 *   given; InterruptedError when stopped.
 */
export async function readFaces(
  place: string,
  options: FaceFolderOptions = {},
  context: StepContext = {},
): Promise<FaceSet> {
  checkOptions("readFaces", options, { shape: rule.any, memory: MEMORY_RULE, name: rule.text });
  const name = options.name ?? basename(resolve(place)).replace(/\.zip$/i, "");
  if (!existsSync(place) || !(statSync(place).isDirectory() || /\.zip$/i.test(place))) {
    throw new DataError(
      `readFaces: ${place} must be a folder of one folder an identity, or a zip file of it, and ${existsSync(place) ? "is another file" : "does not exist"}; check its path`,
      { place },
    );
  }
  const { shape, memory } = options;
  // Places in the layout are places in what is read only if no picture is left out.
  const raw = await readPictures(name, place, { shape, memory, strict: true }, context);
  if (raw.test || raw.validation) {
    throw new DataError(
      `readFaces: ${place} must have one folder an identity, got train/ with test/ or val/; name one of these, for identities to be verified are others than those learnt`,
      { place },
    );
  }
  const found = await pictureFiles(name, place);
  try {
    const { train } = pictureLayout(name, place, found);
    return {
      name,
      identities: raw.classes,
      shape: raw.shape,
      faces: raw.train,
      paths: train.map(({ file }) => file.path),
    };
  } finally {
    found.close();
  }
}
