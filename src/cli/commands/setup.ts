import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { installKernel, KERNEL_NAME } from "../../../kernel/install";
import { packageRoot } from "../../core";
import { checkJupyter } from "../doctor/checks";
import { EXIT } from "../exit-codes";
import { otherKernel } from "../other-kernel";
import { Output, type OutputOptions, withOutput } from "../output";

interface SetupOptions extends OutputOptions {
  readonly force?: boolean;
  readonly prefix?: string;
}

/** What building the engine came to. */
interface BuiltEngine {
  readonly built: boolean;
  /** What was said last: that it is there, or why not. */
  readonly said: string;
}

/** `blockwise setup`: what `npm install` leaves out, the engine in C++ and the kernel's place in Jupyter. */
export function registerSetup(program: Command): void {
  withOutput(program.command("setup"))
    .description("compile the native engine against libtorch, and make Jupyter know the kernel; again: seconds")
    .option("--force", "compile again what is there")
    .option("--prefix <folder>", "the kernel below <folder>/share/jupyter, as of an environment; else for this user")
    .addHelpText(
      "after",
      `
The engine needs g++, make and libtorch (Debian: sudo apt-get install g++ make libtorch-dev); without it all works
hundreds of times more slowly, and the exit code is 1. Compiled engines are kept in ~/.cache/blockwise.`,
    )
    .action(async (options: SetupOptions) => {
      const output = new Output(options);
      const engine = await buildEngine(options, output);
      const { folder, replaced } = installKernel(options);
      const jupyter = checkJupyter();
      output.result({ engine, kernel: { name: KERNEL_NAME, folder, ...(replaced && { replaced }) }, jupyter }, () =>
        [
          engine.built ? `engine: ${engine.said}` : `engine: NOT BUILT, ${engine.said}`,
          `kernel: "${KERNEL_NAME}" in ${folder}${replaced === undefined ? "" : `; ${otherKernel(replaced)}`}`,
          `Jupyter: ${jupyter.found}${jupyter.mend === undefined ? "" : `; mend: ${jupyter.mend}`}`,
        ].join("\n"),
      );
      if (!engine.built) {
        output.warn(
          "warning: everything runs on the slow JavaScript engine until that is mended and this command is run again",
        );
        process.exitCode = EXIT.failed;
      }
    });
}

function buildEngine({ force }: SetupOptions, output: Output): Promise<BuiltEngine> {
  const root = packageRoot();
  const program = join(root, "native", "build.mjs");
  if (!existsSync(program)) return Promise.resolve({ built: false, said: `${program} is missing; install again` });
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...(force ? ["--force"] : [])], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        lines.push(...text.split("\n").filter((line) => line.trim() !== ""));
        output.progress.write(text);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => {
      const why = lines.find((line) => line.startsWith("native engine not built:"));
      const said = code === 0 ? lines.at(-1) : (why ?? lines.at(-1));
      resolve({
        built: code === 0,
        said: (said ?? `ended with ${code}`).replace(/^native engine(?: not built)?:? /, ""),
      });
    });
  });
}
