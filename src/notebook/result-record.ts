import { z } from "zod";
import type { Notebook } from "./notebook-file";

/** MIME type under which a cell shows a result that `blockwise notebook check` compares. */
export const RESULT_TYPE = "application/vnd.blockwise.result+json";

const valueSchema = z.union([z.number(), z.string(), z.boolean(), z.null(), z.array(z.number())]);
const toleranceSchema = z.union([
  z.number().min(0),
  z.string().regex(/^\d+(\.\d+)?\s*%$/, 'a tolerance must be a number, a share such as "5%", or "any"'),
  z.literal("any"),
]);

/** What a record holds; one that was not finite is a string, for JSON has no such numbers. */
export const resultRecordSchema = z.object({
  name: z.string().min(1),
  values: z.record(z.string(), valueSchema),
  tolerance: z.record(z.string(), toleranceSchema),
});

export type ResultValue = z.output<typeof valueSchema>;
/** Largest distance: absolute, as a share of the stored value ("5%"), or "any" for what is told but not compared. */
export type Tolerance = z.output<typeof toleranceSchema>;
/** A named result of a notebook. */
export type ResultRecord = z.output<typeof resultRecordSchema>;

/** `0.01`, `5%` or `any`, as the command line gives it; undefined for anything else. */
export function parseTolerance(text: string): Tolerance | undefined {
  const value = text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  return toleranceSchema.safeParse(value).data;
}

/** The results that a notebook's outputs hold, in order; of equal names the last. */
export function recordsOf({ cells }: Notebook): ResultRecord[] {
  const found = new Map<string, ResultRecord>();
  for (const { data } of cells.flatMap(({ outputs = [] }) => outputs)) {
    const record = resultRecordSchema.safeParse(data?.[RESULT_TYPE]).data;
    if (record) found.set(record.name, record);
  }
  return [...found.values()];
}
