import { fingerprint } from "../core";
import { splitFingerprint } from "./dataset";
import type { Dataset } from "./types";

/** Names what a run reads of the images: their files may change where no configuration does. */
export interface DataIdentity {
  /** Training and validation split, preprocessing, classes. */
  readonly training: string;
  readonly test: string;
}

/** Names a data set's parts. */
export function identifyData({ name, shape, classes, preprocessing, train, validation, test }: Dataset): DataIdentity {
  const splits = [train, validation].map(splitFingerprint);
  return {
    training: fingerprint({ name, shape, classes, preprocessing, splits }),
    test: fingerprint({ shape, classes, preprocessing, split: splitFingerprint(test) }),
  };
}
