import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { checkKernelspec, checkNode, jupyterVersions } from "../../src/cli/doctor/checks";
import { createProgram } from "../../src/cli/main";

const ROOT = join(__dirname, "../..");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cli-kernel-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command in this process; returns what it printed. */
async function blockwise(...words: string[]): Promise<string> {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await createProgram().parseAsync(["node", "blockwise", ...words]);
    return log.mock.calls.map((parts) => parts.join(" ")).join("\n");
  } finally {
    log.mockRestore();
  }
}

describe("blockwise kernel", () => {
  it("installs below a prefix and uninstalls, both as often as one likes", async () => {
    const spec = join(folder, "share", "jupyter", "kernels", "blockwise");
    for (let time = 0; time < 2; time++) {
      const told = await blockwise("kernel", "install", "--prefix", folder);
      expect(told).toBe(`installed kernel "blockwise": ${spec}`);
    }
    const { argv } = JSON.parse(readFileSync(join(spec, "kernel.json"), "utf8"));
    expect(argv).toEqual([
      process.execPath,
      expect.any(String),
      join(ROOT, "dist/kernel/main.js"),
      "{connection_file}",
    ]);
    expect(await blockwise("kernel", "uninstall", "--prefix", folder)).toContain("removed kernel");
    expect(existsSync(spec)).toBe(false);
    expect(await blockwise("kernel", "uninstall", "--prefix", folder)).toContain("nothing to remove");
  });

  it("says whose kernel of the same name it replaces", async () => {
    const other = join(folder, "other clone");
    const theirs = join(other, "dist", "kernel", "main.js");
    const spec = join(folder, "share", "jupyter", "kernels", "blockwise");
    const install = () => blockwise("kernel", "install", "--prefix", folder);
    mkdirSync(spec, { recursive: true });
    mkdirSync(join(other, "dist", "kernel"), { recursive: true });
    const argv = [process.execPath, "--flag", theirs, "{connection_file}"];
    writeFileSync(join(spec, "kernel.json"), JSON.stringify({ argv }));
    expect(await install()).toContain(`it took the place of another installation's, ${other}, which is gone`);
    expect(await install()).toBe(`installed kernel "blockwise": ${spec}`);
    writeFileSync(theirs, "");
    writeFileSync(join(spec, "kernel.json"), JSON.stringify({ argv }));
    expect(await install()).toMatch(
      /another installation's, .*other clone; to go back, run npx blockwise kernel install/,
    );
    writeFileSync(join(spec, "kernel.json"), "{");
    expect(await install()).toBe(`installed kernel "blockwise": ${spec}`);
  });

  it("doctor says what mends each thing that is missing, and exits with 1", async () => {
    // No Jupyter on the path, no addon, no downloads.
    const env = { ...process.env, PATH: folder, BLOCKWISE_NATIVE: join(folder, "no.node"), BLOCKWISE_CACHE: folder };
    const argv = ["--import", "tsx", join(ROOT, "src", "cli", "main.ts"), "kernel", "doctor", "--json"];
    const { status, stdout } = spawnSync(process.execPath, argv, { cwd: ROOT, env, encoding: "utf8" });
    const checks = JSON.parse(stdout) as { name: string; ok: boolean; mend?: string }[];
    expect(status).toBe(1);
    expect(checks.map(({ name }) => name)).toEqual(["Node", "Jupyter", "Kernel", "Engine", "Data"]);
    const mends = Object.fromEntries(checks.map(({ name, mend }) => [name, mend]));
    expect(mends).toMatchObject({
      Jupyter: expect.stringContaining("npm run setup"),
      Kernel: "npm run setup",
      Engine: "node native/build.mjs",
    });
    for (const { ok, mend } of checks) expect(mend === undefined).toBe(ok);
  });
});

describe("the doctor's checks", () => {
  it("know which Node is new enough", () => {
    expect(checkNode("20.19.0", ">=20.19").ok).toBe(true);
    expect(checkNode("24.0.1", ">=20.19").ok).toBe(true);
    expect(checkNode("20.18.9", ">=20.19")).toMatchObject({
      ok: false,
      mend: expect.stringContaining("conda env create"),
    });
    expect(checkNode("18.20.0", ">=20.19").ok).toBe(false);
    expect(checkNode().ok).toBe(true);
  });

  it("read the versions that Jupyter prints", () => {
    const versions = jupyterVersions("Selected...\nnotebook         : 6.4.12\njupyterlab       : not installed\n");
    expect([...versions]).toEqual([["notebook", "6.4.12"]]);
    expect(jupyterVersions(undefined).size).toBe(0);
  });

  it("see a kernel that is not there, not of this installation, or right", () => {
    // Stands for Jupyter: prints the kernelspecs of a file.
    const bin = join(folder, "bin");
    const specs = join(folder, "specs.json");
    const path = process.env.PATH;
    const tell = (argv: string[] | undefined): void => {
      const kernelspecs = argv ? { blockwise: { resource_dir: "/spec", spec: { argv } } } : {};
      writeFileSync(specs, JSON.stringify({ kernelspecs }));
    };
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "jupyter"), `#!/bin/sh\ncat ${specs}\n`, { mode: 0o755 });
    const program = join(folder, "main.js");
    writeFileSync(program, "");
    try {
      process.env.PATH = `${bin}:${path}`;
      tell(undefined);
      expect(checkKernelspec(program)).toMatchObject({ ok: false, mend: "npx blockwise kernel install" });
      tell(["/no/such/node", program, "{connection_file}"]);
      expect(checkKernelspec(program).found).toContain("/no/such/node, which is not there");
      tell([process.execPath, join(ROOT, "kernel", "gone", "main.js"), "{connection_file}"]);
      expect(checkKernelspec(program).found).toContain("which is not there");
      tell([process.execPath, "--flag", program, "{connection_file}"]);
      expect(checkKernelspec(program)).toEqual({ name: "Kernel", ok: true, found: "/spec" });
      expect(checkKernelspec("/other/dist/kernel/main.js").found).toMatch(
        /starts another installation, .*, and this one is \/other$/,
      );
    } finally {
      process.env.PATH = path;
    }
  });
});
