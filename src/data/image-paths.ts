import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../core";

const IMAGE = /\.(png|jpe?g|webp|tiff?|gif)$/i;

/**
 * Image files in the order given: a file stands for itself, a folder for all images below it, in alphabetical order; hidden
 * files and folders are left out.
 * @throws DataError when a place does not exist.
 */
export function imagePaths(places: readonly string[]): string[] {
  return places.flatMap((place) => {
    const at = statSync(place, { throwIfNoEntry: false });
    if (!at)
      throw new DataError(`imagePaths: ${place} must be an image file or a folder, and does not exist`, { place });
    return at.isDirectory() ? below(place) : [place];
  });
}

function below(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => IMAGE.test(path) && !/(^|[\\/])\.[^\\/.]/.test(path.slice(folder.length)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .sort();
}
