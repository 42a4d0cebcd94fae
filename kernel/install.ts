import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { writeAtomic } from "../src/core/atomic-file";
import { ConfigError } from "../src/core/errors";
import { makeFolder } from "../src/core/make-folder";
import { buildCommand, packageRoot } from "../src/core/package-root";
import { logo } from "./logo";

export const KERNEL_NAME = "blockwise";

export interface InstallOptions {
  /** Install for an environment (`<prefix>/share/jupyter`) rather than for the user. */
  readonly prefix?: string;
}

/** Folder of the kernelspec that Jupyter will find. */
export function kernelspecFolder({ prefix }: InstallOptions = {}): string {
  const data = prefix === undefined ? userDataFolder() : join(resolve(prefix), "share", "jupyter");
  return join(data, "kernels", KERNEL_NAME);
}

/** The compiled kernel: beside this file, or of the build where this is the source. */
export function kernelProgram(): string {
  const beside = join(__dirname, "main.js");
  return existsSync(beside) ? beside : join(packageRoot(), "dist", "kernel", "main.js");
}

/** A kernelspec that was written. */
export interface InstalledKernel {
  readonly folder: string;
  /** The program that the kernelspec of this name started before, where that is another installation's. */
  readonly replaced?: string;
}

/** A kernelspec that is gone. */
export interface RemovedKernel {
  readonly folder: string;
  /** Whether it was there. */
  readonly removed: boolean;
  /** The program that it started, where that is another installation's. */
  readonly other?: string;
}

/** The program of arguments that start a kernel: the file that Node is given. */
export function programOf(argv: readonly string[]): string | undefined {
  return argv.slice(1).find((argument) => argument.endsWith("main.js"));
}

/** The clone or package that a kernel's program is of. */
export function installationOf(program: string): string {
  return program.replace(/[\\/](dist[\\/])?kernel[\\/]main\.js$/, "");
}

/**
 * Writes the kernelspec; doing it again changes nothing. All installations of Blockwise have one name, so that the last one
 * installed is the one that Jupyter starts.
 * @throws ConfigError when the kernel is not built or the folder cannot be written.
 */
export function installKernel(options: InstallOptions = {}): InstalledKernel {
  const folder = kernelspecFolder(options);
  const program = kernelProgram();
  const before = installedProgram(folder);
  if (!existsSync(program)) {
    throw new ConfigError(`kernel install: ${program} must be there, it is missing; run ${buildCommand()}`);
  }
  const spec = {
    // Termination of a cell from outside skips Node's bookkeeping of async contexts; its check would end the process.
    argv: [process.execPath, "--no-force-async-hooks-checks", program, "{connection_file}"],
    display_name: "Blockwise (TypeScript)",
    language: "typescript",
    interrupt_mode: "message",
    metadata: { debugger: false },
  };
  writing(folder, () => {
    makeFolder(folder);
    writeAtomic(join(folder, "logo-svg.svg"), logo());
    // Jupyter serves this folder: a page that was loaded without plotly in its outputs gets it from here.
    copyFileSync(require.resolve("plotly.js-cartesian-dist-min"), join(folder, "plotly-cartesian.min.js"));
    // The whole of it, for figures of users that ours never take (3D, maps, Sankey, ...).
    copyFileSync(require.resolve("plotly.js-dist-min"), join(folder, "plotly.min.js"));
    writeAtomic(join(folder, "kernel.json"), `${JSON.stringify(spec, null, 2)}\n`);
  });
  return { folder, ...(before !== undefined && before !== program && { replaced: before }) };
}

/** What the kernelspec in a folder starts; undefined where there is none, or none that can be read. */
function installedProgram(folder: string): string | undefined {
  try {
    const { argv } = JSON.parse(readFileSync(join(folder, "kernel.json"), "utf8")) as { argv?: unknown };
    return Array.isArray(argv) ? programOf(argv.map(String)) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Removes the kernelspec if it is there.
 * @throws ConfigError when the folder cannot be removed.
 */
export function uninstallKernel(options: InstallOptions = {}): RemovedKernel {
  const folder = kernelspecFolder(options);
  const removed = existsSync(folder);
  const before = installedProgram(folder);
  writing(folder, () => rmSync(folder, { recursive: true, force: true }));
  return { folder, removed, ...(before !== undefined && before !== kernelProgram() && { other: before }) };
}

function writing(folder: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ConfigError(
      `kernel: ${folder} must be writable, got ${code ?? message}; choose another place by --user or --prefix <folder>`,
      { folder },
      { cause },
    );
  }
}

function userDataFolder(): string {
  if (process.env.JUPYTER_DATA_DIR) return process.env.JUPYTER_DATA_DIR;
  try {
    const output = execFileSync("jupyter", ["--data-dir"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    if (output.trim() !== "") return output.trim();
  } catch {
    // Jupyter may come later; its default place is known.
  }
  switch (process.platform) {
    case "darwin":
      return join(homedir(), "Library", "Jupyter");
    case "win32":
      return join(process.env.APPDATA ?? homedir(), "jupyter");
    default:
      return join(process.env.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "jupyter");
  }
}
