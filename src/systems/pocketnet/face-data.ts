import type { StepContext } from "../../core";
import { drawPairs, type FacePairs, type OpenSet, openSet, syntheticFaces } from "../../data";
import type { PocketNetSettings } from "./settings";

/** Faces to learn from, strangers, and pairs of strangers that are to be told apart. */
export interface FaceData extends OpenSet {
  readonly pairs: FacePairs;
}

/** The synthetic faces of the study; drawn once, then read from the cache. */
export async function faceData(
  { faces, strangers, pairs }: Pick<PocketNetSettings, "faces" | "strangers" | "pairs">,
  context: StepContext = {},
): Promise<FaceData> {
  const divided = openSet(await syntheticFaces(faces, context), strangers);
  return { ...divided, pairs: drawPairs(divided.strangers, pairs) };
}
