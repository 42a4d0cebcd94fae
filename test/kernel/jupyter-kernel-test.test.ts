import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kernelBundle } from "../setup/kernel-place";
import { PRELUDE, runInstaller } from "./jupyter-client";

const CONDA_PYTHON = process.env.CONDA_PREFIX && join(process.env.CONDA_PREFIX, "bin", "python3");
const PYTHON = [CONDA_PYTHON, "/usr/bin/python3"].find((path) => path && existsSync(path) && hasSuiteIn(path));
// Set by scripts/verify.sh.
const required = process.env.BLOCKWISE_REQUIRE_KERNEL_TEST === "1";

function hasSuiteIn(python: string): boolean {
  try {
    execFileSync(python, ["-c", "import jupyter_kernel_test"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const bundle = kernelBundle();
let prefix: string;

beforeAll(() => {
  prefix = mkdtempSync(join(tmpdir(), "kernel-prefix-"));
  const { folder } = runInstaller(bundle, "installKernel", { prefix }) as { folder: string };
  const file = join(folder, "kernel.json");
  const spec = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...spec, argv: [...spec.argv, "--package", PRELUDE] }));
});

afterAll(() => {
  rmSync(prefix, { recursive: true, force: true });
});

interface Report {
  run: number;
  problems: string[];
  skipped: string[];
}

function runSuite(): Promise<Report> {
  const env = { ...process.env, JUPYTER_PATH: join(prefix, "share", "jupyter") };
  const suite = join(__dirname, "jupyter_kernel_test_suite.py");
  return new Promise((resolve, reject) => {
    execFile(PYTHON!, [suite], { env }, (error, stdout, stderr) => {
      const last = stdout.trim().split("\n").at(-1);
      if (error || last === undefined) reject(new Error(stderr || String(error)));
      else resolve(JSON.parse(last));
    });
  });
}

describe("Jupyter's kernel tests", () => {
  it.runIf(required)("are installed", () => {
    expect(PYTHON, "apt-get install python3-jupyter-kernel-test (scripts/setup.sh does)").toBeDefined();
  });

  it.runIf(PYTHON)("all pass, none is skipped", async () => {
    const { run, problems, skipped } = await runSuite();
    expect(problems).toEqual([]);
    expect(skipped).toEqual([]);
    expect(run).toBe(12);
  });
});
