import type { StepContext } from "../core";
import type { PictureOptions } from "./pictures";
import type { RawDataset } from "./types";

/** Reads a whole data set from `root`, or from wherever it is usually kept. */
export type DatasetSource = (
  root: string | undefined,
  context: StepContext,
  options?: PictureOptions,
) => Promise<RawDataset>;
