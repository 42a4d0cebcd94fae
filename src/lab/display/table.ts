import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import {
  type LatexOptions,
  saveTable,
  type TableRecord,
  type TableValue,
  tableCsv,
  tableHtml,
  tableLatex,
  tableText,
} from "../../viz";
import type { DataFrame } from "./danfo-types";
import { dataFrame } from "./data-frame";

/** A table that shows itself; plain rows underneath, a danfo data frame on request. */
export class Table implements Displayable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TableValue[])[];

  constructor(private readonly record: TableRecord) {
    this.columns = record.columns;
    this.rows = record.rows;
  }

  /** The rows as a danfojs-node DataFrame, to sort, group or write as CSV. */
  frame(): Promise<DataFrame> {
    return dataFrame(this.record);
  }

  /** All rows as CSV, numbers with all their digits. */
  csv(): string {
    return tableCsv(this.record);
  }

  /** All rows as LaTeX (a `tabular`; with a caption a `table`), which takes the package booktabs. */
  latex(options: LatexOptions = {}): string {
    return tableLatex(this.record, options);
  }

  /**
   * Writes all rows into a file: `table.save("ratings.csv")`, or `.tex` for LaTeX.
   * @returns the path.
   * @throws ConfigError for another ending, CheckpointError when it cannot be written.
   */
  save(path: string, options: LatexOptions = {}): string {
    return saveTable(this.record, path, options);
  }

  /** The same table under another title. */
  retitled(title: (own: string) => string): Table {
    return new Table({ ...this.record, title: title(this.record.title ?? "") });
  }

  async [DISPLAY](): Promise<MimeBundle> {
    return { "text/html": tableHtml(this.record), "text/plain": tableText(this.record) };
  }
}

/** A table of one row a property: name and value. */
export function propertyTable(title: string, properties: Readonly<Record<string, TableValue>>, note?: string): Table {
  return new Table({ title, note, columns: ["", "value"], rows: Object.entries(properties), mixed: ["value"] });
}
