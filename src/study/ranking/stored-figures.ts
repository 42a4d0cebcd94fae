import { z } from "zod";
import type { Agreement } from "../../benchmark/ranking";
import { type Interval, readJsonAs } from "../../core";
import { RESULT_MEND } from "./raw-ratings";
import type { StudyConfig } from "./study-config";
import type { VariantSummary } from "./variant-summary";

/** Of a study's stored figures what its views compare with; a study's own system may store more. */
export interface StoredFigures {
  readonly variants: readonly VariantSummary[];
  /** 95 % intervals of the bootstrap over networks, by variant and "plain" or "weighted"; mean over seeds. */
  readonly intervals: Readonly<Record<string, Record<keyof Agreement, Interval>>>;
}

const summarySchema = z.looseObject({
  variants: z.array(z.looseObject({ variant: z.string(), measure: z.string() })).min(1),
  intervals: z.looseObject({}),
});

/** A study's stored figures. @throws CheckpointError when the file is absent, damaged, of another form, or not finite. */
export function readFigures(path: string): StoredFigures {
  return readJsonAs(path, summarySchema, { what: "a study's figures", mend: RESULT_MEND }) as unknown as StoredFigures;
}

/** Where a study's figures are written. */
export function figuresFile({ results }: StudyConfig): string {
  return `${results}.json`;
}
