import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * Where the package `name` lies as seen from the folder `from`; undefined when it is not installed.
 * @param holds Whether a folder of that name counts: where it is there, when left out.
 */
export function findPackageFolder(
  name: string,
  from: string,
  holds: (folder: string) => boolean = existsSync,
): string | undefined {
  const places = createRequire(join(from, "package.json")).resolve.paths(name) ?? [];
  return places.map((place) => join(place, name)).find((folder) => holds(folder));
}
