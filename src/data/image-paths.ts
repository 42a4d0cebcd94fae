import { lstatSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../core";
import { isPicture, pictureFiles } from "./picture-files";

export interface ImagePaths {
  /** In the order given, those of a folder in alphabetical order. */
  readonly images: readonly string[];
  /** Files of the folders whose names are no pictures'. */
  readonly others: readonly string[];
}

/**
 * Image files of some places: a file stands for itself, a folder for all images below it. Links are followed; hidden files
 * and what systems leave in folders are left out, as in own data sets.
 * @throws ConfigError when a place does not exist, DataError when a folder cannot be read.
 */
export async function imagePaths(places: readonly string[]): Promise<ImagePaths> {
  const [images, others]: [string[], string[]] = [[], []];
  for (const place of places) {
    // A link that leads nowhere is there, and is said to be unreadable.
    const at = statSync(place, { throwIfNoEntry: false }) ?? lstatSync(place, { throwIfNoEntry: false });
    if (!at) {
      throw new ConfigError(`imagePaths: ${place} must be an image file or a folder, and does not exist`, { place });
    }
    if (!at.isDirectory()) {
      images.push(place);
      continue;
    }
    const { files } = await pictureFiles("imagePaths", place);
    for (const file of files) (isPicture(file) ? images : others).push(join(place, file.path));
  }
  return { images, others };
}
