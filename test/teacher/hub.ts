import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Debian's Python, which may have PyTorch and torchvision. */
export const PYTHON = process.env.BLOCKWISE_PYTHON ?? "/usr/bin/python3";
const SCRIPT = join(__dirname, "../golden/hub-weights.py");

/** Whether Python has modules. */
export function pythonFinds(...modules: readonly string[]): boolean {
  return spawnSync(PYTHON, ["-c", `import ${modules.join(", ")}`]).status === 0;
}

/** The same of PyTorch's; where PyTorch is required, it must. */
export function pythonHas(...modules: readonly string[]): boolean {
  const has = pythonFinds(...modules);
  if (!has && process.env.BLOCKWISE_REQUIRE_PYTORCH === "1") {
    throw new Error(`BLOCKWISE_REQUIRE_PYTORCH=1, but ${PYTHON} lacks one of ${modules.join(", ")}`);
  }
  return has;
}

/** Writes weights of torchvision's networks as `hub-weights.py` says. */
export function writeHubWeights(folder: string, specs: readonly string[]): void {
  const { status, stderr } = spawnSync(PYTHON, [SCRIPT, folder, ...specs], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

export function countedByTorch(folder: string, name: string): { params: number; macs: number } {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
}
