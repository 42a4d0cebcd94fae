/** MIME type -> content, as Jupyter's display_data wants it. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** A method under this symbol makes a value show itself when it is the last expression of a cell. */
export const DISPLAY: unique symbol = Symbol.for("blockwise.display");

export interface Displayable {
  [DISPLAY](): MimeBundle | Promise<MimeBundle>;
}

export function isDisplayable(value: unknown): value is Displayable {
  return value !== null && typeof value === "object" && typeof (value as Displayable)[DISPLAY] === "function";
}

/** What a notebook kernel offers to the library; it puts itself at `globalThis[NOTEBOOK_HOST]`. */
export interface NotebookHost {
  /** Aborted when the running cell is interrupted; a new one for each cell. */
  readonly signal: AbortSignal;
  /** Shows a bundle below the running cell; the id allows updates in place. */
  display(bundle: MimeBundle, displayId?: string): void;
  update(displayId: string, bundle: MimeBundle): void;
}

export const NOTEBOOK_HOST: unique symbol = Symbol.for("blockwise.notebook");

/** The host of this process, or undefined outside a notebook. */
export function notebookHost(): NotebookHost | undefined {
  return (globalThis as { [NOTEBOOK_HOST]?: NotebookHost })[NOTEBOOK_HOST];
}
