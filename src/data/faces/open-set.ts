import { checkOptions, DataError, type OptionRules, Rng, rule } from "../../core";
import { type DivisionOptions, prepareDataset } from "../dataset";
import { takeImages } from "../holdout";
import { imageSize } from "../image-shape";
import { storedSplit } from "../stored-pictures";
import { type Dataset, emptyLabels, type Split } from "../types";
import { type FaceSet, facesToClassify } from "./types";

export interface OpenSetOptions extends Pick<DivisionOptions, "seed" | "validationCount" | "testCount"> {
  /** Identities that no training sees. */
  readonly strangers: number;
}

/** Faces divided by identity: verification is measured on people who were never learnt. */
export interface OpenSet {
  /** Identities to learn from; `validation` and `test` are other pictures of them. */
  readonly known: Dataset;
  readonly strangers: FaceSet;
}

const RULES: OptionRules<OpenSetOptions> = {
  seed: rule.whole,
  validationCount: rule.wholeFrom(1),
  testCount: rule.wholeFrom(1),
  strangers: rule.wholeFrom(1),
};

/**
 * Divides faces into people to learn from and strangers, by seed.
 * @throws DataError when nobody is left to learn from, or more pictures are held out than there are.
 */
export function openSet(faces: FaceSet, options: OpenSetOptions): OpenSet {
  checkOptions("openSet", options, RULES);
  const { strangers, ...division } = options;
  const { identities } = faces;
  if (strangers === undefined || strangers >= identities.length) {
    throw new DataError(
      `openSet: strangers must be fewer than the ${identities.length} identities of ${faces.name}, got ${strangers ?? "none"}`,
      { strangers, identities: identities.length },
    );
  }
  const order = Array.from(new Rng(options.seed).fork("open-set").permutation(identities.length));
  const [apart, known] = [order.slice(0, strangers), order.slice(strangers)].map((some) => some.sort((a, b) => a - b));
  return {
    known: prepareDataset(facesToClassify(ofIdentities(faces, known)), division),
    strangers: ofIdentities(faces, apart),
  };
}

/** The faces of some identities, which keep their order and are counted anew. */
function ofIdentities(set: FaceSet, chosen: readonly number[]): FaceSet {
  const { faces, identities, shape, paths } = set;
  const place = new Map(chosen.map((identity, i) => [identity, i]));
  const own = Uint32Array.from(faces.labels.keys()).filter((i) => place.has(faces.labels[i]));
  const taken = takeImages(faces, own, imageSize(shape));
  const labels = emptyLabels(own.length, chosen.length);
  own.forEach((face, i) => {
    labels[i] = place.get(faces.labels[face])!;
  });
  return {
    ...set,
    identities: chosen.map((identity) => identities[identity]),
    faces: relabelled(taken, labels),
    ...(paths && { paths: Array.from(own, (face) => paths[face]) }),
  };
}

/** Images may stay in a file, where asking for all of them throws. */
function relabelled(split: Split, labels: Split["labels"]): Split {
  if (split.stored) return storedSplit(split.stored, labels);
  return { count: split.count, images: split.images, labels };
}
