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

/** A message of the front end on a comm. */
export interface CommMessage {
  readonly data: unknown;
  /** Of the message itself; widgets put their protocol's version there. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Uint8Array[];
}

/** A two-way channel to a widget of the front end. */
export interface Comm {
  readonly id: string;
  readonly target: string;
  /** @throws Error when it was closed. */
  send(data: unknown, buffers?: readonly Uint8Array[], metadata?: Readonly<Record<string, unknown>>): void;
  close(data?: unknown): void;
  onMessage(listener: (message: CommMessage) => void): void;
  /** Called when the front end closes it. */
  onClose(listener: (message: CommMessage) => void): void;
}

/** Called when the front end opens a comm. */
export type CommOpened = (comm: Comm, message: CommMessage) => void;

/** Opens comms, and says what happens when the front end opens one. */
export interface Comms {
  open(
    target: string,
    data?: unknown,
    buffers?: readonly Uint8Array[],
    metadata?: Readonly<Record<string, unknown>>,
  ): Comm;
  onOpen(target: string, welcome: CommOpened): void;
}

/** An error that nothing caught, and the number of the cell that started what threw it. */
export interface UncaughtError {
  readonly cell: number;
  readonly text: string;
}

/** A run of a cell that has come to its end. */
export interface CellRun {
  /** The front end's name of the cell; where it gives none, of this run. */
  readonly cell: string;
  /** The execution count. */
  readonly number: number;
  readonly source: string;
  /** Shows something below the cell's outputs, also later; updates what is there under that id. */
  display(bundle: MimeBundle, displayId: string, metadata: Readonly<Record<string, unknown>>): void;
}

/** What a notebook offers besides showing values: it asks, clears, pages and talks to widgets. */
export interface InteractiveHost extends NotebookHost {
  /** Rejects when the front end takes no input. */
  input(prompt: string, password: boolean): Promise<string>;
  /** Removes the outputs of the running cell, with `wait` only when the next one comes. */
  clearOutput(wait: boolean): void;
  /** Shows a bundle in the pager once the cell has ended. */
  page(bundle: MimeBundle): void;
  readonly comms: Comms;
  /** Hears of every cell that has ended, whether well or not; undefined: of none any more. */
  cellEnded: ((run: CellRun) => void) | undefined;
  /** Errors that came after their cells had ended, or that nothing waited for. */
  readonly uncaught: readonly UncaughtError[];
}
