import { homedir } from "node:os";
import { packageRoot } from "../core";
import { withoutPlotly } from "../viz/plotly-script";
import { lastState } from "./carriage-returns";
import type { CellOutput, Notebook } from "./notebook-file";

/** Metadata of cells that is about one execution or one screen. */
const CELL_KEYS = ["execution", "ExecuteTime", "collapsed", "scrolled", "jupyter", "papermill"];
const NOTEBOOK_KEYS = ["widgets", "signature", "papermill", "toc", "varInspector"];
/** A line of a stack. */
const FRAME = /^.*\bat .*:\d+:\d+\)?.*$/gm;
const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";

/**
 * The notebook without what changes from run to run and means nothing: times of execution, state of widgets and of the
 * page, ids of displays, the way printed text was cut into messages. Plotly's code goes too (0.7 MB): figures take it
 * from a running server, `blockwise notebook html` puts it into the page, and they have static pictures.
 */
export function stripVolatile(notebook: Notebook): Notebook {
  return {
    ...notebook,
    metadata: without(notebook.metadata, NOTEBOOK_KEYS),
    cells: notebook.cells.map((cell) => ({
      ...cell,
      metadata: without(cell.metadata, CELL_KEYS),
      ...(cell.outputs && { outputs: joinedStreams(cell.outputs.map(strippedOutput)).map(asShown) }),
    })),
  };
}

/** The notebook as if it had never been executed. */
export function withoutOutputs(notebook: Notebook): Notebook {
  return {
    ...notebook,
    metadata: without(notebook.metadata, ["blockwise"]),
    cells: notebook.cells.map((cell) => (cell.outputs ? { ...cell, outputs: [], execution_count: null } : cell)),
  };
}

function strippedOutput(output: CellOutput): CellOutput {
  const { transient: _, ...rest } = output;
  const kept: CellOutput = {
    ...rest,
    ...(rest.text !== undefined && { text: withoutFolders(rest.text) }),
    ...(rest.traceback && { traceback: rest.traceback.map(withoutFolders) }),
    ...(rest.data && { data: withoutFoldersIn(rest.data) }),
  };
  if (!kept.data) return kept;
  const data = without(kept.data, [WIDGET_VIEW]);
  const html = data["text/html"];
  return { ...kept, data: typeof html === "string" ? { ...data, "text/html": withoutPlotly(html) } : data };
}

/** Where the package and its libraries are installed, and the reader's home, is nobody else's business. */
function withoutFolders(text: string): string {
  return text.replace(FRAME, (line) =>
    line
      .replaceAll(`${packageRoot()}/`, "blockwise/")
      .replace(/(?:file:\/\/)?(?:[A-Za-z]:)?[^\s()]*\/node_modules\//g, "node_modules/")
      .replaceAll(`${homedir()}/`, "~/"),
  );
}

function withoutFoldersIn(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const text = data["text/plain"];
  return typeof text === "string" ? { ...data, "text/plain": withoutFolders(text) } : { ...data };
}

function asShown(output: CellOutput): CellOutput {
  return output.output_type === "stream" ? { ...output, text: lastState(output.text ?? "") } : output;
}

function joinedStreams(outputs: readonly CellOutput[]): CellOutput[] {
  const joined: CellOutput[] = [];
  for (const output of outputs) {
    const before = joined.at(-1);
    if (before && before.output_type === "stream" && output.output_type === "stream" && before.name === output.name) {
      joined[joined.length - 1] = { ...before, text: `${before.text ?? ""}${output.text ?? ""}` };
    } else {
      joined.push(output);
    }
  }
  return joined;
}

function without(record: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}
