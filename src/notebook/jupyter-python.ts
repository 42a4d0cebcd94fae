import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, isCheckout } from "../core";

const MODULES = ["nbclient", "nbformat", "nbconvert"];
let found: string | undefined;

/**
 * The Python that has Jupyter's nbclient, nbformat and nbconvert: `BLOCKWISE_PYTHON`, that of the conda environment, the
 * first on the PATH, or the system's.
 * @throws ConfigError when none has them.
 */
export function jupyterPython(): string {
  found ??= candidates().find(hasJupyter);
  if (found) return found;
  throw new ConfigError(
    `notebook: a Python with ${MODULES.join(", ")} must be there, tried ${candidates().join(", ")}; ${isCheckout() ? "run npm run setup (Debian: apt-get install" : "install them (Debian: apt-get install"} python3-nbclient jupyter-nbconvert), or name one with BLOCKWISE_PYTHON`,
  );
}

function candidates(): string[] {
  const { BLOCKWISE_PYTHON: named, CONDA_PREFIX: conda } = process.env;
  if (named) return [named];
  const places = [...(conda ? [join(conda, "bin", "python3")] : []), "python3", "/usr/bin/python3"];
  return places.filter((path) => !path.startsWith("/") || existsSync(path));
}

function hasJupyter(python: string): boolean {
  return spawnSync(python, ["-c", `import ${MODULES.join(", ")}`], { stdio: "ignore" }).status === 0;
}
