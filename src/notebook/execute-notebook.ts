import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { packageRoot } from "../core";
import { jupyterPython } from "./jupyter-python";
import { type Notebook, outputsSchema } from "./notebook-file";

/** How an execution ended: `dead` is a kernel that died, `broken` one that could not start. */
export type ExecutionStatus = "ok" | "error" | "timeout" | "interrupted" | "dead" | "broken";

export interface ExecutionOptions {
  /** Name of an installed kernelspec. */
  readonly kernel: string;
  /** Folder with further kernelspecs (`<folder>/kernels/<name>/kernel.json`), searched first. */
  readonly jupyterPath?: string;
  /** Folder that the kernel starts in. */
  readonly cwd: string;
  /** Seconds for all cells together; no limit unless given. */
  readonly timeout?: number;
  /** Seconds for each cell; no limit unless given. */
  readonly cellTimeout?: number;
  /** Cells that are run at the end and are none of the notebook's: name -> code whose printed text is the answer. */
  readonly questions?: Readonly<Record<string, string>>;
  /** The first abort interrupts the running cell; a further one, by `kill`, ends the kernel at once. */
  readonly signal?: AbortSignal;
  readonly kill?: AbortSignal;
  /** Index of the cell that begins, and those of all cells that will be executed. */
  readonly onCell?: (index: number, all: readonly number[]) => void;
  /** The last line of what the running cell shows. */
  readonly onProgress?: (text: string) => void;
  readonly onExecuted?: (index: number, seconds: number) => void;
}

export interface Execution {
  readonly status: ExecutionStatus;
  /** Says more where `status` alone does not. */
  readonly message: string;
  /** With the outputs of the executed cells, and none of others. */
  readonly notebook: Notebook;
  /** Index of the last cell that began. */
  readonly lastCell: number | undefined;
  /** Seconds that each executed cell took, by index. */
  readonly seconds: ReadonlyMap<number, number>;
  readonly answers: ReadonlyMap<string, string>;
}

const written = { index: z.number(), count: z.number().nullable(), outputs: outputsSchema };
const event = z.discriminatedUnion("event", [
  z.object({ event: z.literal("ready"), languageInfo: z.unknown(), cells: z.array(z.number()) }),
  z.object({ event: z.literal("cell"), index: z.number() }),
  z.object({ event: z.literal("progress"), text: z.string() }),
  z.object({ event: z.literal("executed"), seconds: z.number(), ...written }),
  z.object({ event: z.literal("answer"), name: z.string(), text: z.string().nullable() }),
  z.object({
    event: z.literal("end"),
    status: z.enum(["ok", "error", "timeout", "interrupted", "dead", "broken"]),
    message: z.string(),
    cells: z.array(z.object(written)),
  }),
]);

/**
 * Executes a notebook's code cells in order through Jupyter (nbclient) in a new kernel, which is ended afterwards.
 *
 * Never rejects for what happens in cells: see `status`. What was executed until then is in the notebook.
 * @throws ConfigError when no Python with Jupyter is there.
 */
export async function executeNotebook(notebook: Notebook, options: ExecutionOptions): Promise<Execution> {
  const { kernel, cwd, timeout = null, cellTimeout = null, questions = {}, signal, kill, jupyterPath } = options;
  const cells = notebook.cells.map((cell) => (cell.outputs ? { ...cell, outputs: [], execution_count: null } : cell));
  const executed: Notebook = { ...notebook, cells, metadata: { ...notebook.metadata } };
  const seconds = new Map<number, number>();
  const answers = new Map<string, string>();
  let [status, message, lastCell]: [ExecutionStatus, string, number | undefined] = [
    "broken",
    "Jupyter ended",
    undefined,
  ];
  let toRun: readonly number[] = [];

  const env: NodeJS.ProcessEnv = { ...process.env, PYTHONUNBUFFERED: "1" };
  if (jupyterPath) env.JUPYTER_PATH = [jupyterPath, process.env.JUPYTER_PATH].filter(Boolean).join(delimiter);
  const program = join(packageRoot(), "scripts", "run-notebook.py");
  // A group of its own: Ctrl-C in the terminal meets this process alone, which then asks for an interrupt.
  const child = spawn(jupyterPython(), [program], { env, stdio: ["pipe", "pipe", "inherit"], detached: true });
  child.stdin.on("error", () => {}); // it ended; its exit is seen below
  child.stdin.write(`${JSON.stringify({ notebook: { ...executed }, kernel, cwd, timeout, cellTimeout, questions })}\n`);
  const interrupt = () => child.stdin.write("interrupt\n");
  const abandon = () => child.stdin.end();
  signal?.addEventListener("abort", interrupt);
  kill?.addEventListener("abort", abandon);
  if (signal?.aborted) interrupt();

  const exited = new Promise<void>((done) => {
    child.once("error", (error) => {
      message = error.message;
      done();
    });
    child.once("close", () => done());
  });
  const put = ({
    index,
    count,
    outputs,
  }: { index: number; count: number | null } & Pick<Execution["notebook"]["cells"][number], "outputs">) => {
    cells[index] = { ...cells[index], execution_count: count, outputs };
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const told = event.parse(JSON.parse(line));
    switch (told.event) {
      case "ready":
        executed.metadata.language_info = told.languageInfo;
        toRun = told.cells;
        break;
      case "cell":
        lastCell = told.index;
        options.onCell?.(told.index, toRun);
        break;
      case "progress":
        options.onProgress?.(told.text);
        break;
      case "executed":
        put(told);
        seconds.set(told.index, told.seconds);
        options.onExecuted?.(told.index, told.seconds);
        break;
      case "answer":
        if (told.text !== null) answers.set(told.name, told.text);
        break;
      case "end":
        for (const cell of told.cells) put(cell);
        [status, message] = [told.status, told.message];
    }
  }
  await exited;
  signal?.removeEventListener("abort", interrupt);
  kill?.removeEventListener("abort", abandon);
  if (signal?.aborted && status === "broken") status = "interrupted";
  return { status, message, notebook: executed, lastCell, seconds, answers };
}
