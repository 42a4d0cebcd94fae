/**
 * What notebooks mostly use of danfojs-node's DataFrame. danfo's own types bring plotly's along and double the time that a
 * kernel needs to be ready; whoever wants all of them imports "danfojs-node" in a cell.
 */
export interface DataFrame {
  readonly columns: string[];
  readonly index: (string | number)[];
  /** `[rows, columns]` */
  readonly shape: number[];
  readonly values: unknown[];
  readonly dtypes: string[];
  head(rows?: number): DataFrame;
  tail(rows?: number): DataFrame;
  sample(rows: number, options?: { seed?: number }): Promise<DataFrame>;
  sortValues(column: string, options?: { ascending?: boolean }): DataFrame;
  query(condition: unknown): DataFrame;
  loc(selection: { rows?: unknown[]; columns?: string[] }): DataFrame;
  iloc(selection: { rows?: unknown[]; columns?: unknown[] }): DataFrame;
  drop(selection: { columns?: string[]; index?: (string | number)[] }): DataFrame;
  column(name: string): Series;
  groupby(columns: string[]): Grouped;
  describe(): DataFrame;
  print(): void;
}

/** One column. */
export interface Series {
  readonly values: unknown[];
  readonly shape: number[];
  mean(): number;
  median(): number;
  min(): number;
  max(): number;
  std(): number;
  sortValues(options?: { ascending?: boolean }): Series;
  unique(): Series;
  eq(other: unknown): Series;
  lt(other: unknown): Series;
  gt(other: unknown): Series;
}

/** Rows by equal values of some columns. */
export interface Grouped {
  col(columns: string[]): Grouped;
  mean(): DataFrame;
  min(): DataFrame;
  max(): DataFrame;
  count(): DataFrame;
  std(): DataFrame;
}

/** The library itself. */
export interface Danfo {
  readonly Series: new (data: unknown, options?: { index?: (string | number)[] }) => Series;
  readonly DataFrame: new (data: unknown, options?: { columns?: string[]; index?: (string | number)[] }) => DataFrame;
  readonly [name: string]: unknown;
}
