import { spawnSync } from "node:child_process";
import fs, {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CheckpointError, isTemporary, sha256, sweepTemporaries, writeAtomic, writeJson } from "../../src/core";
import { canMount, smallDisk } from "./small-disk";

const folder = () => mkdtempSync(join(tmpdir(), "atomic-"));

describe("an atomic write", () => {
  test("makes the folders it needs, keeps rights, writes through links and leaves nothing else", () => {
    const root = folder();
    const file = join(root, "deep", "file.json");
    writeAtomic(file, "one");
    chmodSync(file, 0o600);
    symlinkSync(file, join(root, "link"));
    writeAtomic(join(root, "link"), "two");
    expect(readFileSync(file, "utf8")).toBe("two");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(root, "deep"))).toEqual(["file.json"]);
  });

  test("to an impossible place says why, and what to do", () => {
    const root = folder();
    writeFileSync(join(root, "file"), "");
    mkdirSync(join(root, "dir", "inner"), { recursive: true });
    for (const [path, message] of [
      [join(root, "file", "below"), /a part of the path is a file/],
      [join(root, "dir"), /a folder has that name/],
      [join(root, "x".repeat(300)), /the name is too long/],
    ] as const) {
      expect(() => writeAtomic(path, "x")).toThrow(CheckpointError);
      expect(() => writeAtomic(path, "x")).toThrow(message);
    }
    expect(readdirSync(root).sort()).toEqual(["dir", "file"]);
  });

  test("goes on where the system took fewer bytes", () => {
    // In a process of its own, whose writes take 7 bytes at most.
    const path = join(folder(), "file");
    const script = `
      const fs = require("node:fs");
      const write = fs.writeSync;
      fs.writeSync = (file, bytes, offset, length, position) => write(file, bytes, offset, Math.min(length, 7), position);
      require("tsx/cjs");
      const { writeAtomic } = require(${JSON.stringify(join(__dirname, "../../src/core/atomic-file.ts"))});
      writeAtomic(${JSON.stringify(path)}, "0123456789".repeat(10));`;
    const { status, stderr } = spawnSync(process.execPath, ["-e", script], {
      encoding: "utf8",
      cwd: join(__dirname, "../.."),
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(readFileSync(path, "utf8")).toBe("0123456789".repeat(10));
  });

  test("that fails on the way leaves the file before, and no other", () => {
    const root = folder();
    const path = join(root, "file");
    writeFileSync(path, "good");
    const script = `
      const fs = require("node:fs");
      const write = fs.writeSync;
      let calls = 0;
      fs.writeSync = (file, bytes, offset, length, position) => {
        if (calls++ > 2) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
        return write(file, bytes, offset, Math.min(length, 7), position);
      };
      require("tsx/cjs");
      const { writeAtomic } = require(${JSON.stringify(join(__dirname, "../../src/core/atomic-file.ts"))});
      try { writeAtomic(${JSON.stringify(path)}, "x".repeat(100)); } catch (error) { console.log(error.name, error.message); }`;
    const { stdout } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8", cwd: join(__dirname, "../..") });
    expect(stdout).toMatch(
      /^CheckpointError write: .*file must be written, and the disk is full \(ENOSPC\); free space and run the same command again/,
    );
    expect(readFileSync(path, "utf8")).toBe("good");
    expect(readdirSync(root)).toEqual(["file"]);
  });

  test.runIf(canMount)("over a good file keeps the good one when 4 KB are free", () => {
    const disk = smallDisk(64 * 1024)!;
    try {
      const good = join(disk.path, "good.json");
      writeJson(good, { values: "x".repeat(30_000) });
      const before = readFileSync(good);
      for (let i = 0; ; i++) {
        if (fs.statfsSync(disk.path).bavail <= 1) break;
        writeFileSync(join(disk.path, `fill${i}`), Buffer.alloc(4096));
      }
      expect(() => writeJson(good, { values: "y".repeat(30_000) })).toThrow(/the disk is full \(ENOSPC\); free space/);
      expect(readFileSync(good).equals(before)).toBe(true);
      expect(readdirSync(disk.path).filter(isTemporary)).toEqual([]);
    } finally {
      disk.unmount();
    }
  });

  test.runIf(canMount)("on disks of twenty sizes is there whole or not at all", () => {
    const disk = smallDisk(64 * 1024)!;
    try {
      const sizes = Array.from({ length: 20 }, (_, i) => Math.round(64 * 1024 * 80 ** (i / 19)));
      const whole = Buffer.alloc(1_500_000, "blockwise");
      for (const size of sizes) {
        disk.resize(size);
        const path = join(disk.path, "weights");
        for (const bytes of [whole.subarray(0, 100_000), whole.subarray(0, 700_000), whole]) {
          const before = existsSync(path) ? sha256(readFileSync(path)) : undefined;
          try {
            writeAtomic(path, bytes);
            expect(sha256(readFileSync(path))).toBe(sha256(bytes));
          } catch (error) {
            if (!(error instanceof CheckpointError)) throw error;
            expect(error.message).toMatch(/the disk is full/);
            expect(existsSync(path) ? sha256(readFileSync(path)) : undefined).toBe(before);
          }
          expect(readdirSync(disk.path).filter(isTemporary)).toEqual([]);
        }
        fs.rmSync(path, { force: true });
      }
    } finally {
      disk.unmount();
    }
  });
});

test("only temporary files of dead owners are swept, in all folders", () => {
  const root = folder();
  mkdirSync(join(root, "checkpoints"));
  const host = sha256(hostname()).slice(0, 8);
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  const dead = [
    join(root, `config.json.${host}-${pid}-1-0-0.tmp`),
    join(root, "checkpoints", `a.${host}-${pid}-1-0-3.tmp`),
  ];
  const kept = [
    join(root, "config.json"),
    join(root, "notes.tmp"),
    // Another thread of this process, a process that lives, another machine.
    join(root, `a.json.${host}-${process.pid}-${startTime(process.pid)}-7-0.tmp`),
    join(root, `b.json.${host}-${process.ppid}-${startTime(process.ppid)}-0-0.tmp`),
    join(root, `c.json.${sha256("elsewhere").slice(0, 8)}-${pid}-1-0-0.tmp`),
  ];
  for (const path of [...dead, ...kept]) writeFileSync(path, "");
  expect(sweepTemporaries(root)).toBe(2);
  expect(dead.filter((path) => existsSync(path))).toEqual([]);
  expect(kept.filter((path) => !existsSync(path))).toEqual([]);
  expect(sweepTemporaries(join(root, "nowhere"))).toBe(0);
});

/** Field 22 of the process's stat; empty where there is none. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return "";
  }
}
