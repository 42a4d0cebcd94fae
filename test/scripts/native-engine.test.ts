import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(__dirname, "../..");

/** A copy of what builds the engine, and a PATH with only the named commands. */
function clone(commands: string[]): { folder: string; PATH: string } {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-setup-"));
  for (const part of [
    "native/src",
    "native/build.mjs",
    "native/binary-cache.mjs",
    "native/find-libtorch.mjs",
    "scripts",
    "package.json",
  ]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const PATH = join(folder, "bin");
  mkdirSync(PATH);
  symlinkSync(process.execPath, join(PATH, "node"));
  for (const command of commands) {
    const at = spawnSync("/bin/sh", ["-c", `command -v ${command}`], { encoding: "utf8" }).stdout.trim();
    symlinkSync(at, join(PATH, command));
  }
  return { folder, PATH };
}

describe("setting up without a C++ compiler", () => {
  it("says loudly what falls back and how to mend it, and leaves nothing half built", () => {
    const { folder, PATH } = clone(["bash", "dirname", "cat"]);
    const { CXX: _, ...env } = process.env;
    const run = spawnSync("bash", ["scripts/native-engine.sh"], {
      cwd: folder,
      env: { ...env, PATH },
      encoding: "utf8",
    });
    expect(run.stderr).toMatch(/no C\+\+ compiler found; install g\+\+/);
    expect(run.stdout).toMatch(/THE NATIVE ENGINE WAS NOT BUILT[\s\S]*"cpu"[\s\S]*conda env create/);
    expect(run.status).toBe(0);
    expect(existsSync(join(folder, "native/build"))).toBe(false);
  });

  it("leaves no addon behind when the compiler fails", () => {
    const { folder, PATH } = clone(["bash", "dirname", "cat"]);
    const run = spawnSync("bash", ["scripts/native-engine.sh"], {
      cwd: folder,
      // A "compiler" that answers --version and fails at everything else.
      env: { ...process.env, PATH, CXX: brokenCompiler(folder) },
      encoding: "utf8",
    });
    expect(run.stdout).toContain("THE NATIVE ENGINE WAS NOT BUILT");
    const release = join(folder, "native/build/Release");
    expect(existsSync(release) ? readdirSync(release) : []).toEqual([]);
  });
});

function brokenCompiler(folder: string): string {
  const path = join(folder, "bin", "broken-c++");
  const script = '#!/bin/sh\nif [ "$1" = --version ]; then echo "broken 1.0"; exit 0; fi\necho "broken" >&2\nexit 1\n';
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}
