import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { writeAtomic } from "../src/core/atomic-file";
import { ConfigError } from "../src/core/errors";
import { makeFolder } from "../src/core/make-folder";
import { buildCommand } from "../src/core/package-root";
import { ownRoot } from "./language/package";
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
  return existsSync(beside) ? beside : join(ownRoot(), "dist", "kernel", "main.js");
}

/**
 * Writes the kernelspec and returns its folder; doing it again changes nothing.
 * @throws ConfigError when the kernel is not built or the folder cannot be written.
 */
export function installKernel(options: InstallOptions = {}): string {
  const folder = kernelspecFolder(options);
  const program = kernelProgram();
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
  return folder;
}

/**
 * Removes the kernelspec if it is there.
 * @throws ConfigError when the folder cannot be removed.
 */
export function uninstallKernel(options: InstallOptions = {}): { folder: string; removed: boolean } {
  const folder = kernelspecFolder(options);
  const removed = existsSync(folder);
  writing(folder, () => rmSync(folder, { recursive: true, force: true }));
  return { folder, removed };
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
