import { checkOptions, DataError, rule } from "../core";
import type { DatasetSource } from "./dataset-source";
import { type PictureOptions, type PictureShape, readPictures } from "./pictures";

/**
 * A source for {@link registerDataset}: pictures sorted into folders, in any layout of `pictureLayout`, each scaled to
 * `shape` (the common size of all when left out). Classes are the names of the training folders in alphabetical order.
 */
export function imageFolder(
  name: string,
  shape?: PictureShape,
  options: Pick<PictureOptions, "strict"> = {},
): DatasetSource {
  checkOptions("imageFolder", options, { strict: rule.boolean });
  const { strict } = options;
  return async (root, context, asked) => {
    if (!root) throw new DataError(`${name}: an image folder must be named with \`root\`, got none`, { name });
    return readPictures(
      name,
      root,
      { shape: asked?.shape ?? shape, strict: asked?.strict ?? strict, memory: asked?.memory },
      context,
    );
  };
}
