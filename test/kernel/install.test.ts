import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kernelBundle } from "../setup/kernel-place";
import { PRELUDE, runInstaller } from "./jupyter-client";

const kernel = kernelBundle();
let prefix: string;

beforeAll(() => {
  prefix = mkdtempSync(join(tmpdir(), "kernel-prefix-"));
});

afterAll(() => {
  rmSync(prefix, { recursive: true, force: true });
});

describe("the kernelspec", () => {
  it("is written below a prefix with absolute paths, the same each time", () => {
    runInstaller(kernel, "installKernel", { prefix });
    const file = join(prefix, "share", "jupyter", "kernels", "blockwise", "kernel.json");
    const first = readFileSync(file, "utf8");
    const spec = JSON.parse(first);
    expect(spec).toMatchObject({
      display_name: "Blockwise (TypeScript)",
      language: "typescript",
      interrupt_mode: "message",
    });
    expect(spec.argv[0]).toBe(process.execPath);
    expect(spec.argv.at(-1)).toBe("{connection_file}");
    expect(existsSync(spec.argv.at(-2))).toBe(true);
    runInstaller(kernel, "installKernel", { prefix });
    expect(readFileSync(file, "utf8")).toBe(first);
  });

  it("goes where Jupyter's environment variable says, and away again", () => {
    const data = join(prefix, "user-data");
    const env = { ...process.env, JUPYTER_DATA_DIR: data };
    const folder = join(data, "kernels", "blockwise");
    expect(runInstaller(kernel, "installKernel", {}, env)).toEqual({ folder });
    expect(readdirSync(folder).sort()).toEqual([
      "kernel.json",
      "logo-svg.svg",
      "plotly-cartesian.min.js",
      "plotly.min.js",
    ]);
    expect(runInstaller(kernel, "uninstallKernel", {}, env)).toEqual({ folder, removed: true });
    expect(existsSync(folder)).toBe(false);
    expect(runInstaller(kernel, "uninstallKernel", {}, env)).toEqual({ folder, removed: false });
  });

  it("says what to do where it cannot be written", () => {
    const prefix = join(kernel, "main.js", "below");
    expect(() => runInstaller(kernel, "installKernel", { prefix })).toThrow(
      /must be writable, got ENOTDIR; .*--prefix/,
    );
  });
});

describe("a kernel that cannot start", () => {
  it("says why on stderr and exits with 1", () => {
    const run = (...options: string[]): { status?: number; stderr?: string } => {
      try {
        execFileSync(process.execPath, [join(kernel, "main.js"), ...options], { stdio: "pipe", encoding: "utf8" });
        return {};
      } catch (error) {
        return error as { status: number; stderr: string };
      }
    };
    expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining("usage:") });
    expect(run("/no/such/file.json", "--package", PRELUDE)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("/no/such/file.json: cannot be read"),
    });
  });
});
