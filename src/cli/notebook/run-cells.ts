import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { installKernel, KERNEL_NAME } from "../../../kernel/install";
import { ConfigError } from "../../core";
import {
  cellTitle,
  type Execution,
  executeNotebook,
  type Notebook,
  type Parameters,
  provenance,
  provenanceQuestions,
  RemainingTime,
  readNotebook,
  stripVolatile,
  type UncaughtErrors,
  uncaughtErrors,
  withParameters,
  withUncaught,
  writeNotebook,
} from "../../notebook";
import { EXIT } from "../exit-codes";
import type { Output } from "../output";
import { writing } from "../output-file";
import { CellReporter } from "./cell-reporter";

export interface RunCellsOptions {
  readonly cwd?: string;
  /** An installed kernelspec; this package's own kernel, or the notebook's if that is another, unless given. */
  readonly kernel?: string;
  readonly timeout?: string;
  readonly cellTimeout?: string;
  /** Output of an earlier run, if there is one: it tells how long cells take. */
  readonly earlier?: string;
}

/** A cell failed, Jupyter or the kernel did, out of time, stopped by the user. */
const EXIT_CODES = {
  error: EXIT.failed,
  dead: EXIT.failed,
  broken: EXIT.failed,
  timeout: EXIT.timeout,
  interrupted: EXIT.interrupted,
} as const;
/** A notebook larger than this is slow to open and to compare. */
const LARGE_BYTES = 1.5e6;

/**
 * Executes a notebook with progress on stderr and Ctrl-C as an interrupt; what is returned has its provenance and nothing
 * volatile. When it does not come to its end, what was executed is kept in `partial`.
 * @returns The notebook, or the exit code of what went wrong and was told.
 */
export async function runCells(
  path: string,
  stored: Notebook,
  parameters: Parameters,
  partial: string,
  output: Output,
  options: RunCellsOptions,
): Promise<Notebook | number> {
  const notebook = withParameters(stored, parameters);
  const reporter = new CellReporter(
    output.progress,
    notebook.cells,
    new RemainingTime(notebook, [...earlierRun(options.earlier), stored]),
  );
  const started = new Date();
  const from = performance.now();
  const stops = interrupts(() => reporter.finish());
  const kernel = kernelFor(notebook, options.kernel);
  try {
    const execution = await executeNotebook(notebook, {
      ...kernel,
      ...stops,
      cwd: resolve(options.cwd ?? dirname(path)),
      timeout: seconds("--timeout", options.timeout),
      cellTimeout: seconds("--cell-timeout", options.cellTimeout),
      questions: provenanceQuestions(notebook, parameters),
      onCell: (index, all) => reporter.begins(index, all),
      onProgress: (text) => reporter.progress(text),
      onExecuted: (index, took) => reporter.executed(index, took),
    });
    reporter.finish();
    const uncaught = uncaughtErrors(execution);
    const { metadata, ...rest } = stripVolatile(withUncaught(execution.notebook, uncaught));
    if (execution.status === "ok" && uncaught.length === 0) {
      const facts = provenance(execution, started, performance.now() - from);
      return { ...rest, metadata: { ...metadata, blockwise: facts } };
    }
    output.warn(execution.status === "ok" ? late(path, uncaught) : failure(path, execution));
    if (execution.lastCell !== undefined) {
      const { blockwise: _, ...others } = metadata;
      writing("notebook run", partial, () => writeNotebook(partial, { ...rest, metadata: others }));
      output.warn(`What was executed so far is in ${partial}`);
    }
    return execution.status === "ok" ? EXIT_CODES.error : EXIT_CODES[execution.status];
  } finally {
    stops.release();
    kernel.release();
  }
}

/** Writes an executed notebook and says so. */
export function writeExecuted(path: string, notebook: Notebook, output: Output): void {
  writing("notebook run --output", path, () => writeNotebook(path, notebook));
  const { size } = statSync(path);
  output.remark(`notebook: ${path} (${(size / 1e6).toFixed(2)} MB)`);
  if (size > LARGE_BYTES) {
    output.warn(`notebook: ${path} is larger than 1.5 MB; show fewer or smaller figures and tables in it`);
  }
}

/** "study.ipynb" -> "study.<word>.ipynb". */
export function beside(path: string, word: string): string {
  return `${path.replace(/\.(ipynb|[cm]?[tj]s|tsx|md|markdown)$/, "")}.${word}.ipynb`;
}

function earlierRun(path: string | undefined): Notebook[] {
  try {
    return path === undefined ? [] : [readNotebook(path)];
  } catch {
    return []; // none, or damaged: it will be written anew
  }
}

function failure(path: string, { status, message, notebook, lastCell }: Execution): string {
  const cell = lastCell === undefined ? undefined : notebook.cells[lastCell];
  const where = cell ? `cell [${cell.execution_count ?? lastCell}] (${cellTitle(cell)})` : "before the first cell";
  const prefix = `blockwise: notebook ${path}, ${where}:`;
  if (status === "interrupted") return `${prefix} stopped by the user`;
  if (status === "timeout") return `${prefix} out of time; allow more with --timeout or --cell-timeout`;
  const error = cell?.outputs?.find(({ output_type }) => output_type === "error");
  if (status !== "error" || !error) return `${prefix} ${message || status}`;
  const traceback = stripVTControlCharacters((error.traceback ?? []).join("\n"));
  // The traceback of an uncaught error begins with the same words.
  const said = `${error.ename}: ${error.evalue}`;
  return `${prefix} ${said}\n${traceback.replace(said, "").trim()}`.trimEnd();
}

function late(path: string, errors: UncaughtErrors): string {
  const said = errors.map(({ cell, text }) => `cell [${cell}], ${stripVTControlCharacters(text).trim()}`);
  return `blockwise: notebook ${path}: errors that no cell waited for; await what may fail\n${said.join("\n")}`;
}

/** This package's own kernel is made known for this run alone: its outputs then come from the code that they name. */
function kernelFor({ metadata }: Notebook, given: string | undefined) {
  const spec = metadata.kernelspec as { name?: string } | undefined;
  const kernel = given ?? spec?.name ?? KERNEL_NAME;
  if (given !== undefined || kernel !== KERNEL_NAME) return { kernel, release: () => {} };
  const prefix = mkdtempSync(join(tmpdir(), "blockwise-kernelspec-"));
  installKernel({ prefix });
  const release = () => rmSync(prefix, { recursive: true, force: true });
  return { kernel, jupyterPath: join(prefix, "share", "jupyter"), release };
}

/** The first Ctrl-C, or polite kill, interrupts the cell; the second ends the kernel. */
function interrupts(before: () => void) {
  const [stop, kill] = [new AbortController(), new AbortController()];
  const handler = () => {
    before();
    if (stop.signal.aborted) {
      kill.abort();
      return;
    }
    process.stderr.write("\nstopping the cell (once more: the kernel, at once)\n");
    stop.abort();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, handler);
  const release = () => {
    for (const signal of signals) process.off(signal, handler);
  };
  return { signal: stop.signal, kill: kill.signal, release };
}

function seconds(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0))
    throw new ConfigError(`${option}: must be a number of seconds above 0, got ${JSON.stringify(text)}`);
  return value;
}
