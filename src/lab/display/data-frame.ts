import { DISPLAY, type MimeBundle } from "../../display-protocol";
import { type TableRecord, type TableValue, tableHtml, tableText } from "../../viz";
import type { Danfo, DataFrame } from "./danfo-types";
import { loadDanfo } from "./data-frame-library";
import { leaveOutMissing } from "./missing-values";

let loaded: Promise<Danfo> | undefined;

/** danfojs-node, loaded at the first call (it takes seconds). Its data frames show themselves from then on. */
export function danfo(): Promise<Danfo> {
  loaded ??= (async () => {
    const library = loadDanfo();
    // What danfo's methods return is of the class above its Node.js one.
    Object.defineProperty(Object.getPrototypeOf(library.DataFrame.prototype), DISPLAY, {
      value(this: DataFrame) {
        return frameBundle(this);
      },
      configurable: true,
    });
    leaveOutMissing(library);
    return library;
  })();
  return loaded;
}

/** Rows and columns as a danfo data frame. */
export async function dataFrame({ columns, rows }: Pick<TableRecord, "columns" | "rows">): Promise<DataFrame> {
  const { DataFrame } = await danfo();
  // danfo takes an empty list for a frame without columns.
  if (rows.length === 0)
    return new DataFrame([columns.map(() => null)], { columns: [...columns] }).drop({ index: [0] });
  return new DataFrame(
    rows.map((row) => row.map((value) => (typeof value === "bigint" ? value.toString() : (value ?? null)))),
    { columns: [...columns] },
  );
}

/** A data frame as HTML and text, with the names of its rows. */
export function frameBundle({ columns, index, values }: DataFrame): MimeBundle {
  const rows = (values as TableValue[][]).map((row, i) => [index[i], ...row]);
  const record: TableRecord = { columns: ["", ...columns], rows };
  return { "text/html": tableHtml(record), "text/plain": tableText(record) };
}
