import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Notebook, notebookProvenance, readNotebook, toScript } from "../../src/notebook";
import { blockwise } from "../cli/blockwise";
import { PRELUDE, ROOT } from "../kernel/jupyter-client";
import { kernelBundle } from "../setup/kernel-place";
import { notebookOf, temporaryFolder, writeJsonFile } from "./notebooks";

// Through Jupyter itself, with the kernel of the working tree and a stand-in for the package that loads at once.
const KERNEL = "blockwise-under-test";
const kernel = kernelBundle();
const folder = temporaryFolder();

beforeAll(() => {
  vi.stubEnv("JUPYTER_PATH", folder);
  vi.stubEnv("FROM_OUTSIDE", "passed on");
  const spec = join(folder, "kernels", KERNEL);
  mkdirSync(spec, { recursive: true });
  writeJsonFile(join(spec, "kernel.json"), {
    argv: [
      process.execPath,
      "--no-force-async-hooks-checks",
      join(kernel, "main.js"),
      "{connection_file}",
      "--package",
      PRELUDE,
    ],
    display_name: KERNEL,
    language: "typescript",
    interrupt_mode: "message",
  });
});

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, ...cells: (string | { code: string; tags: string[] })[]): string {
  const parts = cells.map((cell) => (typeof cell === "string" ? { code: cell } : cell));
  return writeJsonFile(join(folder, name), notebookOf([{ markdown: "# Words" }, ...parts], KERNEL));
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `blockwise notebook ...args` in this process. */
async function notebookCommand(...args: string[]): Promise<Ended> {
  const { code, out, err } = await blockwise("notebook", ...args);
  return { code, stdout: out, stderr: err };
}

/** The same as a process, which can be stopped; `during` is called with everything that stderr said so far. */
function notebookProcess(args: string[], during: (stderr: string, child: ChildProcess) => void): Promise<Ended> {
  const argv = ["--import", "tsx", join(ROOT, "src", "cli", "main.ts"), "notebook", ...args];
  const child = spawn(process.execPath, argv, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
      if (name === "stderr") during(said.stderr, child);
    });
  }
  return new Promise((done) => child.once("close", (code) => done({ code, ...said })));
}

function outputsOf(path: string): Notebook["cells"][number]["outputs"][] {
  return readNotebook(path)
    .cells.filter(({ cell_type }) => cell_type === "code")
    .map(({ outputs }) => outputs);
}

async function goneSoon(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 1500; tries++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((done) => setTimeout(done, 200));
  }
  return false;
}

const SLEEP = "await new Promise((done) => setTimeout(done, 600_000));";
const PARAMETERS = { code: "let seed: number = 1;\nlet name: string = 'a';", tags: ["parameters"] };
/** What lab.record shows, without the package. */
const record = (value: string) =>
  `(globalThis as any)[Symbol.for("blockwise.notebook")].display({ "application/vnd.blockwise.result+json": { name: "r", values: { x: ${value} }, tolerance: { x: 0.5 } } });`;

describe("blockwise notebook run", () => {
  it("writes an executed copy with the parameters given, what it printed, and where it comes from", async () => {
    const path = write("good.ipynb", PARAMETERS, "console.log(name, process.env.FROM_OUTSIDE);\nseed * 2");
    const before = readFileSync(path, "utf8");
    const { code, stderr, stdout } = await notebookCommand("run", path, "-p", "seed=21", "-p", "name=my data");
    expect(stderr).toContain("[2/3] let seed: number = 21;");
    expect(code).toBe(0);
    const output = join(folder, "good.run.ipynb");
    expect(stdout).toContain(output);
    expect(readFileSync(path, "utf8")).toBe(before);
    expect(outputsOf(output)[2]).toMatchObject([
      { output_type: "stream", text: "my data passed on\n" },
      { output_type: "execute_result", data: { "text/plain": "42" } },
    ]);
    const { metadata } = readNotebook(output);
    expect(metadata.language_info).toMatchObject({ name: "typescript" });
    const provenance = notebookProvenance(readNotebook(output));
    expect(provenance).toMatchObject({ seed: 21, parameters: { seed: 21, name: "my data" }, engine: null });
    expect(Object.keys(provenance?.cellSeconds ?? {}).sort()).toEqual(["cell-1", "cell-2", "injected-parameters"]);
  });

  it("takes a notebook as text, and marks what is stale where that is asked for", async () => {
    const notebook = notebookOf(
      [{ code: PARAMETERS.code, tags: PARAMETERS.tags }, { code: "seed" }, { code: "seed = 9" }],
      KERNEL,
    );
    const path = join(folder, "text.mts");
    writeFileSync(path, toScript(notebook, { from: "blockwise", names: new Set() }).text);
    const { code, stderr } = await notebookCommand("run", path, "-p", "seed=21", "--mark-stale");
    expect(stderr).toContain("seed");
    expect(code).toBe(0);
    const outputs = outputsOf(join(folder, "text.run.ipynb"));
    expect(outputs[2]).toMatchObject([
      { data: { "text/plain": "21" } },
      { data: { "text/plain": "Stale: seed was changed by cell [4] after this cell ran; run it again." } },
    ]);
    expect(outputs[3]).toMatchObject([{ data: { "text/plain": "9" } }]);
  });

  it("says which cell failed and how, and keeps what was executed beside the notebook", async () => {
    const path = write("bad.ipynb", "console.log('one')", "throw new RangeError('out of reach');", "2");
    const before = readFileSync(path, "utf8");
    const { code, stderr } = await notebookCommand("run", path, "--in-place");
    expect(code).toBe(1);
    expect(stderr).toMatch(/bad\.ipynb, cell \[2\] \(throw new RangeError.*\): RangeError: out of reach/);
    expect(readFileSync(path, "utf8")).toBe(before);
    const [first, second, third] = outputsOf(join(folder, "bad.partial.ipynb"));
    expect(first).toMatchObject([{ text: "one\n" }]);
    expect(second).toMatchObject([{ output_type: "error", ename: "RangeError" }]);
    expect(third).toEqual([]);
  });

  it("fails where a promise or a timer failed that no cell waited for, and says in which cell", async () => {
    const path = write(
      "late.ipynb",
      'const caught = Promise.reject(new Error("caught later"));',
      "await caught.catch(() => 1);",
      'setTimeout(() => { throw new Error("of a timer"); }, 1);',
      "await new Promise((done) => setTimeout(done, 100));",
      'Promise.reject(new Error("of the last expression"))',
    );
    const { code, stderr } = await notebookCommand("run", path);
    expect(stderr).toMatch(
      /cell \[3\], uncaught: Error: of a timer[\s\S]*cell \[5\], uncaught: Error: of the last expr/,
    );
    expect(stderr).not.toContain("Error: caught later");
    expect(code).toBe(1);
    expect(existsSync(join(folder, "late.run.ipynb"))).toBe(false);
    const shown = outputsOf(join(folder, "late.partial.ipynb")).map((outputs) => JSON.stringify(outputs));
    expect(shown.map((text) => text.match(/uncaught: /g)?.length ?? 0)).toEqual([0, 0, 1, 0, 1]);
    expect(shown.join()).not.toContain(ROOT);
  });

  it("refuses wrong parameters and unwritable outputs before a kernel is started", async () => {
    const path = write("strict.ipynb", PARAMETERS);
    for (const [args, message] of [
      [["-p", "sede=2"], "did you mean seed?"],
      [["-p", "seed=NaN"], "must be a number, got NaN"],
      [["-o", "/dev/null/x.ipynb"], 'got "/dev/null/x.ipynb", but a part of the path is a file'],
      [["-o", folder], "which is a folder"],
      [["--html", `${folder}/`], "has no file name"],
    ] as const) {
      const { code, stderr } = await notebookCommand("run", path, ...args);
      expect(stderr).toContain(message);
      expect(stderr).not.toMatch(/\[1\/|\n +at /);
      expect(code).toBeGreaterThan(0);
    }
  });

  it("ends a cell that takes too long, with a status of its own", async () => {
    const path = write("slow.ipynb", "console.log('one')", SLEEP);
    // Enough for the first cell, however slow the machine is.
    let ended: Awaited<ReturnType<typeof notebookCommand>>;
    let limit = 1.5;
    do {
      limit *= 2;
      ended = await notebookCommand("run", path, "--cell-timeout", String(limit));
      expect(ended.code).toBe(124);
    } while (ended.stderr.includes("slow.ipynb, cell [1]") && limit < 200);
    expect(ended.stderr).toMatch(/slow\.ipynb, cell \[2\].*out of time/);
    expect(outputsOf(join(folder, "slow.partial.ipynb"))[0]).toMatchObject([{ text: "one\n" }]);
  });

  it("stops at Ctrl-C, keeps what was done and leaves no process behind", async () => {
    const [pidFile, begun] = [join(folder, "stopped.pid"), join(folder, "stopped.begun")];
    const writing = (file: string) => `require("fs").writeFileSync(${JSON.stringify(file)}, String(process.pid));`;
    const path = write("stopped.ipynb", `${writing(pidFile)} "kept"`, `${writing(begun)} ${SLEEP}`);
    let waiting: NodeJS.Timeout | undefined;
    const { code, stderr } = await notebookProcess(["run", path], (_, child) => {
      waiting ??= setInterval(() => {
        if (!existsSync(begun)) return;
        clearInterval(waiting);
        child.kill("SIGINT");
      }, 20);
    });
    expect(stderr).toMatch(/cell \[2\].*stopped by the user/);
    expect(code).toBe(130);
    expect(outputsOf(join(folder, "stopped.partial.ipynb"))[0]).toMatchObject([{ data: { "text/plain": "'kept'" } }]);
    expect(await goneSoon(Number(readFileSync(pidFile, "utf8")))).toBe(true);
  });

  it("ends the kernel when it is killed itself", async () => {
    const pidFile = join(folder, "killed.pid");
    const path = write(
      "killed.ipynb",
      `require("fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid))`,
      SLEEP,
    );
    await notebookProcess(["run", path], (said, child) => {
      if (said.includes("[2/2]")) child.kill("SIGKILL");
    });
    expect(await goneSoon(Number(readFileSync(pidFile, "utf8")))).toBe(true);
  });

  it("names what is missing when there is no such kernel or notebook", async () => {
    const path = write("unknown.ipynb", "1");
    const { code, stderr } = await notebookCommand("run", path, "--kernel", "no-such-kernel");
    expect(code).toBe(1);
    expect(stderr).toContain("no-such-kernel");
    expect(existsSync(join(folder, "unknown.partial.ipynb"))).toBe(false);
    const absent = await notebookCommand("run", join(folder, "absent.ipynb"));
    expect(absent).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("absent.ipynb: must be a notebook (.ipynb), and does not exist"),
    });
  });
});

describe("blockwise notebook check", () => {
  it("tells agreement and difference of the stored results from a new run", async () => {
    const path = write("checked.ipynb", PARAMETERS, record("seed + Number(process.env.SHIFT ?? 0)"));
    const run = await notebookCommand("run", path, "--in-place", "-p", "seed=4");
    expect(run.stdout).toContain("Result: r: x 4");
    const stored = readFileSync(path, "utf8");
    const same = await notebookCommand("check", path);
    expect(same.stdout).toMatch(/r +x +4 +4 +0 +0\.5 +ok\n1 values agree/);
    expect(same.code).toBe(0);
    vi.stubEnv("SHIFT", "0.75");
    const other = await notebookCommand("check", path);
    const allowed = await notebookCommand("check", path, "--tolerance", "x=20%");
    vi.stubEnv("SHIFT", undefined);
    expect(other.stdout).toMatch(/r +x +4 +4\.75 +0\.75 +0\.5 +DIFFERS\n1 of 1 values differ/);
    expect(other.code).toBe(1);
    expect(allowed).toMatchObject({ code: 0, stdout: expect.stringContaining("20%") });
    expect(readFileSync(path, "utf8")).toBe(stored);
  });

  it("refuses a notebook without results", async () => {
    const { code, stderr } = await notebookCommand("check", write("none.ipynb", "1"));
    expect(code).toBe(2);
    expect(stderr).toContain("lab.record");
  });
});
