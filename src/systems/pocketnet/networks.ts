import type { ImageShape } from "../../core";
import {
  type Architecture,
  type CellArchitecture,
  type CellGraph,
  conv,
  type MBConvLayer,
  pocketNet,
} from "../../space";
import type { PocketNetSettings } from "./settings";

/**
 * The teacher: a chain that can be cut into blocks, of few and wide layers, since some thousand pictures are too few for a deep one.
 * In place of PocketNet's iResNet-100; as there, no pooling takes the places of features away before the embedding.
 */
export function embeddingTeacherArchitecture({ embedding }: PocketNetSettings, input: ImageShape): Architecture {
  const layer = (outChannels: number, stride: number): MBConvLayer => ({
    kind: "mbconv",
    kernelSize: 5,
    stride,
    expansion: 6,
    outChannels,
    seRatio: 0,
    activation: "relu",
  });
  return {
    name: "three MBConv layers, embedding",
    input,
    stem: [conv(3, 24, { stride: 2, activation: "relu" })],
    blocks: [[layer(24, 1)], [layer(48, 2)], [layer(96, 2)]],
    head: [
      conv(1, 128, { activation: "relu" }),
      conv(3, 128, { stride: 2, activation: "relu" }),
      conv(3, 128, { stride: 2, activation: "none" }),
    ],
    classes: embedding,
    padding: "same",
    batchNormEpsilon: 1e-3,
  };
}

/** A student of PocketNet's design with the cells given. */
export function studentArchitecture(
  { student, embedding }: PocketNetSettings,
  input: ImageShape,
  cells: { readonly normal: CellGraph; readonly reduction: CellGraph },
): CellArchitecture {
  return pocketNet("pocketnet-small", { ...student, embedding, input, cells });
}

/** What is searched: the student's stack with a classifier of identities in place of the embedding, and a thinner stem. */
export function searchedArchitecture(
  { student, embedding }: PocketNetSettings,
  input: ImageShape,
  cell: CellGraph,
  classes: number,
): CellArchitecture {
  const own = pocketNet("pocketnet-mixture", {
    ...student,
    embedding,
    input,
    cells: { normal: cell, reduction: cell },
  });
  return {
    ...own,
    stem: { ...own.stem, channels: 3 * student.channels },
    head: { kind: "classifier", before: "nothing" },
    classes,
  };
}
