import { DataError } from "../core";
import type { PictureOptions } from "./pictures";

/** @throws DataError when a shape is asked of a data set that has its own. */
export function refuseShape(name: string, { shape }: PictureOptions): void {
  if (shape === undefined) return;
  throw new DataError(
    `${name}: has a shape of its own, got \`shape\` ${JSON.stringify(shape)}; leave it out, or put the pictures into a folder and name that`,
    { shape },
  );
}
