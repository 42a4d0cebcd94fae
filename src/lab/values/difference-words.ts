import type { DifferenceVerdict } from "../../study/ranking";

/** What a difference is worth beside seeds, after "the difference ...". */
export const DIFFERENCE_WORDS: Readonly<Record<DifferenceVerdict, string>> = {
  "as seeds differ": "is no more than seeds differ by",
  "hardly more than seeds": "is hardly more than seeds differ by",
  "more than seeds": "is more than seeds differ by",
  "not known": "cannot be judged",
};
