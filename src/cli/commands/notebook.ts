import { existsSync } from "node:fs";
import { basename } from "node:path";
import { type Command, Option } from "commander";
import { ConfigError } from "../../core";
import {
  isText,
  openNotebook,
  type ResultRecord,
  readNotebook,
  readParameters,
  recordsOf,
  stripVolatile,
  studyNotebook,
  withoutOutputs,
  withStaleNotes,
  writeNotebook,
} from "../../notebook";
import { EXIT } from "../exit-codes";
import { type CheckOptions, checkNotebook } from "../notebook/check";
import {
  CONVERT_FORMATS,
  type ConvertOptions,
  exportNotebook,
  type ImportOptions,
  importNotebook,
} from "../notebook/convert";
import { pageLine, writePage } from "../notebook/page";
import { beside, type RunCellsOptions, runCells, writeExecuted } from "../notebook/run-cells";
import { Output, type OutputOptions, withOutput } from "../output";
import { checkOutput, writing } from "../output-file";

interface RunOptions extends RunCellsOptions, OutputOptions {
  readonly parameter: readonly string[];
  readonly output?: string;
  readonly inPlace?: boolean;
  readonly html?: string;
  readonly markStale?: boolean;
}

/** `blockwise notebook run | check | html | export | import | new | strip`. */
export function registerNotebook(program: Command): void {
  const notebook = program.command("notebook").description("execute, check, share and begin notebooks");

  runOptions(notebook.command("run"))
    .description(
      "execute a notebook through Jupyter in a new kernel; writes <notebook>.run.ipynb unless told otherwise",
    )
    .option(
      "-p, --parameter <name=value>",
      "override a value of the cell tagged `parameters`; read by the type of its default",
      collect,
      [],
    )
    .option("-o, --output <file>", "the executed notebook")
    .option("--in-place", "write the outputs into the notebook itself")
    .option("--html <file>", "write a self-contained page too")
    .option("--mark-stale", "note below each cell which variable that it read was changed by a later cell")
    .action(async (path: string, options: RunOptions) => {
      process.exitCode = await run(path, options);
    });

  runOptions(notebook.command("check"))
    .description(
      "execute a notebook again and compare its results (lab.record) with the stored ones; exit code 1 if they differ",
    )
    .option(
      "--tolerance <[name=]value>",
      'for values without one of their own, or for the one named: 0.01, "5%" or any',
      collect,
      [],
    )
    .option("-o, --output <file>", "keep the newly executed notebook")
    .action(async (path: string, options: CheckOptions) => {
      process.exitCode = await checkNotebook(path, options);
    });

  withOutput(notebook.command("html"))
    .description("one self-contained page of an executed notebook: no network, no other files")
    .argument("<notebook>")
    .option("-o, --output <file>", "the page; <notebook>.html when left out")
    .option("--fold-code", "fold all code until a reader unfolds it")
    .action((path: string, options: OutputOptions & { output?: string; foldCode?: boolean }) => {
      const { output: page = path.replace(/(\.ipynb)?$/, ".html"), foldCode } = options;
      checkOutput("notebook html --output", page);
      const output = new Output(options);
      const written = writePage(page, path, openNotebook(path), output, foldCode);
      output.result(written, () => pageLine(written));
    });

  withOutput(notebook.command("export"))
    .description("a notebook as text without outputs, which compares well and comes back by import, or as a page")
    .argument("<notebook>")
    .addOption(
      new Option(
        "--to <format>",
        "ts: a script with cells at // %% lines; md: Markdown; html: as notebook html",
      ).choices(CONVERT_FORMATS),
    )
    .option("-o, --output <file>", "<notebook>.mts, .md or .html when left out")
    .option("--fold-code", "html: fold all code until a reader unfolds it")
    .option("--mark-stale", "html: note below each cell which variable that it read a cell that ran later changed")
    .option("--force", "replace a text that is there and differs")
    .action((path: string, options: ConvertOptions) => exportNotebook(path, options));

  withOutput(notebook.command("import"))
    .description("the notebook of a script with cells at // %% lines, or of Markdown with fenced code")
    .argument("<text>", "a .ts, .mts, .js or .md file")
    .option("-o, --output <file>", "<text>.ipynb when left out")
    .option("--update", "keep the outputs of unchanged cells of the notebook that is there")
    .option("--force", "replace a notebook that is there")
    .action((path: string, options: ImportOptions) => importNotebook(path, options));

  withOutput(notebook.command("new"))
    .description("an annotated study to start from: own images, own teacher, ablation over the number of blocks")
    .argument("<name>", "e.g. my-study, which becomes my-study.ipynb")
    .option("--force", "replace a file that is there")
    .action((name: string, options: OutputOptions & { force?: boolean }) => begin(name, options));

  withOutput(notebook.command("strip"))
    .description("remove what changes from run to run (times, widget state, ids) from a notebook")
    .argument("<notebook>")
    .option("--outputs", "the outputs too")
    .action((path: string, { outputs = false, ...options }: OutputOptions & { outputs?: boolean }) => {
      const read = readNotebook(path);
      writing("notebook strip", path, () => writeNotebook(path, stripVolatile(outputs ? withoutOutputs(read) : read)));
      new Output(options).result({ notebook: path }, () => `notebook: ${path}`);
    });
}

function runOptions(command: Command): Command {
  return withOutput(command)
    .argument("<notebook>")
    .option("--timeout <seconds>", "for all cells together")
    .option("--cell-timeout <seconds>", "for each cell")
    .option("--cwd <folder>", "where the kernel starts; the notebook's folder when left out")
    .option("--kernel <name>", "an installed kernelspec instead of this package's own kernel");
}

async function run(path: string, options: RunOptions): Promise<number> {
  if (options.output !== undefined && options.inPlace) {
    throw new ConfigError("notebook run: --output and --in-place exclude each other; give one");
  }
  if (options.inPlace && isText(path)) {
    throw new ConfigError(
      `notebook run --in-place: needs a .ipynb file, got ${path}, which has no place for outputs; leave it out, or import it first`,
    );
  }
  const file = options.output ?? (options.inPlace ? path : beside(path, "run"));
  const output = new Output(options);
  const notebook = openNotebook(path);
  const parameters = readParameters(options.parameter, notebook);
  checkOutput("notebook run --output", file);
  if (options.html !== undefined) checkOutput("notebook run --html", options.html);
  const partial = beside(options.output ?? path, "partial");
  const ran = await runCells(path, notebook, parameters, partial, output, { ...options, earlier: file });
  if (typeof ran === "number") return ran;
  const executed = options.markStale ? withStaleNotes(ran) : ran;
  writeExecuted(file, executed, output);
  const page = options.html === undefined ? undefined : writePage(options.html, path, executed, output);
  if (page) output.remark(pageLine(page));
  const results = recordsOf(executed);
  output.result({ notebook: file, ...page, results }, () => results.map(inLine).join("\n"));
  return EXIT.done;
}

function begin(name: string, { force = false, ...options }: OutputOptions & { force?: boolean }): void {
  const file = name.endsWith(".ipynb") || /(^|[/\\])$/.test(name) ? name : `${name}.ipynb`;
  checkOutput("notebook new", file);
  if (existsSync(file) && !force) {
    throw new ConfigError(`notebook new: ${file} must not exist yet; choose another name, or replace it with --force`);
  }
  writing("notebook new", file, () => writeNotebook(file, studyNotebook(basename(file, ".ipynb"), basename(file))));
  const output = new Output(options);
  output.result({ notebook: file }, () => `notebook: ${file}`);
  output.remark(
    `Put your images into images/train/<class>/ and images/test/<class>/ beside it (or say in its first cell where they are), then open it in Jupyter, or: npx blockwise notebook run ${file}`,
  );
}

function inLine({ name, values }: ResultRecord): string {
  const short = (value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  const parts = Object.entries(values).map(([key, value]) => `${key} ${JSON.stringify(short(value))}`);
  return `Result: ${name}: ${parts.join(", ")}`;
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
