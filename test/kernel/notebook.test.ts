import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildKernel, PRELUDE, ROOT } from "./jupyter-client";

// Through Jupyter itself: scripts/run-notebook.py (nbclient, nbconvert) with the installed kernelspec.
let kernel: string;
let prefix: string;
let folder: string;

beforeAll(async () => {
  kernel = await buildKernel();
  prefix = mkdtempSync(join(tmpdir(), "kernel-prefix-"));
  folder = mkdtempSync(join(tmpdir(), "notebooks-"));
});

afterAll(() => {
  for (const path of [kernel, prefix, folder]) rmSync(path, { recursive: true, force: true });
});

function install(...options: string[]): string {
  return execFileSync(process.execPath, [join(kernel, "install.js"), ...options], { encoding: "utf8" });
}

function writeNotebook(name: string, cells: string[]): string {
  const path = join(folder, name);
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: "blockwise", display_name: "Blockwise (TypeScript)", language: "typescript" } },
    cells: [
      { cell_type: "markdown", id: "words", metadata: {}, source: "# Words" },
      ...cells.map((source, i) => ({
        cell_type: "code",
        id: `cell-${i}`,
        metadata: { execution: { "iopub.execute_input": "2020-01-01" } },
        source,
        outputs: [],
        execution_count: null,
      })),
    ],
  };
  writeFileSync(path, JSON.stringify(notebook));
  return path;
}

function runNotebook(...options: string[]): Promise<{ code: number; stderr: string }> {
  const env = { ...process.env, JUPYTER_PATH: join(prefix, "share", "jupyter"), FROM_OUTSIDE: "passed on" };
  return new Promise((done) => {
    execFile("python3", [join(ROOT, "scripts", "run-notebook.py"), ...options], { env }, (error, _, stderr) => {
      done({ code: typeof error?.code === "number" ? error.code : 0, stderr });
    });
  });
}

describe("the kernelspec", () => {
  it("is written below a prefix with absolute paths, the same each time", () => {
    install("--prefix", prefix);
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
    install("--prefix", prefix);
    expect(readFileSync(file, "utf8")).toBe(first);
  });

  it("goes where Jupyter's environment variable says, and away again", () => {
    const data = join(prefix, "user-data");
    const env = { ...process.env, JUPYTER_DATA_DIR: data };
    const run = (...options: string[]): string =>
      execFileSync(process.execPath, [join(kernel, "install.js"), ...options], { encoding: "utf8", env });
    expect(run()).toContain(join(data, "kernels", "blockwise"));
    expect(readdirSync(join(data, "kernels", "blockwise")).sort()).toEqual([
      "kernel.json",
      "logo-svg.svg",
      "plotly-cartesian.min.js",
    ]);
    run("--uninstall");
    expect(existsSync(join(data, "kernels", "blockwise"))).toBe(false);
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

describe("a notebook run through Jupyter", { timeout: 300_000 }, () => {
  beforeAll(() => {
    install("--prefix", prefix);
    // The stand-in for the package, until which the kernel would load all of Blockwise's types.
    const file = join(prefix, "share", "jupyter", "kernels", "blockwise", "kernel.json");
    const spec = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...spec, argv: [...spec.argv, "--package", PRELUDE] }));
  });

  it("is written with its outputs and as a page that needs no network", async () => {
    const notebook = writeNotebook("good.ipynb", [
      "const doubled: number = twice(21);\ndoubled",
      "console.log('one'); await new Promise((r) => setTimeout(r, 60)); console.log(process.env.FROM_OUTSIDE);",
      "const batches = await work(2);\nnew Shown('batches: ' + batches)",
    ]);
    const [output, html] = [join(folder, "out", "good.ipynb"), join(folder, "out", "good.html")];
    const { code, stderr } = await runNotebook(notebook, "--output", output, "--html", html);
    expect(stderr).toContain("[3/3] const batches = await work(2);");
    expect(code).toBe(0);

    const { cells, metadata } = JSON.parse(readFileSync(output, "utf8"));
    const outputs = cells.map((cell: { outputs?: unknown }) => cell.outputs);
    expect(outputs[1]).toMatchObject([{ output_type: "execute_result", data: { "text/plain": ["42"] } }]);
    expect(outputs[2]).toMatchObject([{ output_type: "stream", text: ["one\n", "passed on\n"] }]);
    // The bar was updated in place: one output, its last state.
    expect(outputs[3]).toMatchObject([
      { output_type: "display_data", data: { "text/plain": ["2"] } },
      { output_type: "execute_result", data: { "text/html": ["<b>batches: 2</b>"] } },
    ]);
    expect(metadata.language_info.name).toBe("typescript");
    for (const cell of cells) expect(cell.metadata).not.toHaveProperty("execution");

    const page = readFileSync(html, "utf8");
    expect(page).toContain("<b>batches: 2</b>");
    expect(page).not.toMatch(/(?:src|href)="(?:https?|file):/);
    expect(readdirSync(join(folder, "out")).sort()).toEqual(["good.html", "good.ipynb"]);
  });

  it("fails with the error of the cell, and leaves the notebook as it was", async () => {
    const notebook = writeNotebook("bad.ipynb", ["1", "throw new RangeError('out of reach');", "2"]);
    const before = readFileSync(notebook, "utf8");
    const { code, stderr } = await runNotebook(notebook);
    expect(code).toBe(1);
    expect(stderr).toContain("RangeError: out of reach");
    expect(readFileSync(notebook, "utf8")).toBe(before);
    const failed = JSON.parse(readFileSync(join(folder, "bad.failed.ipynb"), "utf8"));
    expect(failed.cells[2].outputs[0]).toMatchObject({ output_type: "error", ename: "RangeError" });
  });

  it("ends with a status of its own when the time is over", async () => {
    const notebook = writeNotebook("slow.ipynb", ["1", "await new Promise(() => {});"]);
    const { code } = await runNotebook(notebook, "--timeout", "8");
    expect(code).toBe(3);
  });
});
