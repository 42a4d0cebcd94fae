import type { ImageShape } from "../../core";
import { type Architecture, architecturePreset, type CellArchitecture, type CellGraph, pocketNet } from "../../space";
import type { PocketNetSettings } from "./settings";

/** The teacher: a MobileNet for small images whose linear layer gives the embedding. */
export function embeddingTeacherArchitecture({ embedding }: PocketNetSettings, input: ImageShape): Architecture {
  return { ...architecturePreset("mobilenet@28px"), name: "mobilenet@32px, embedding", input, classes: embedding };
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
