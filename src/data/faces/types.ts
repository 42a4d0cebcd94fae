import type { ImageShape } from "../image-shape";
import type { RawDataset, Split } from "../types";

/** Aligned faces by identity: every face has its eyes, nose and mouth at about the same places. */
export interface FaceSet {
  readonly name: string;
  readonly identities: readonly string[];
  readonly shape: ImageShape;
  /** Labels are places in `identities`, of which there may be ten thousands. */
  readonly faces: Split;
  /** Where each face lies below its root, with "/" between folders; drawn faces lie nowhere. */
  readonly paths?: readonly string[];
  /** What a user should know of how they were read or drawn, each a sentence. */
  readonly remarks?: readonly string[];
}

/** The faces as a data set of which a classifier learns the identities. */
export function facesToClassify({ name, identities, shape, faces, remarks }: FaceSet): RawDataset {
  return { name, classes: identities, shape, train: faces, ...(remarks && { remarks }) };
}
