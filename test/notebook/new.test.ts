import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT, exitCodeOf } from "../../src/cli/exit-codes";
import { createProgram } from "../../src/cli/main";
import { checkOutput, writing } from "../../src/cli/output-file";
import { ConfigError, DataError, writeAtomic, writeFailure } from "../../src/core";
import { canMount, smallDisk } from "../core/small-disk";
import { temporaryFolder } from "./notebooks";

const folder = temporaryFolder();

describe("blockwise notebook new", () => {
  it("refuses what is no name of a file, and places where nothing can be written", async () => {
    mkdirSync(join(folder, "there.ipynb"));
    for (const name of ["", ".ipynb", "/", `${folder}/`, join(folder, "there"), "/dev/null/study", "/proc/study"]) {
      const made = createProgram().exitOverride().parseAsync(["node", "blockwise", "notebook", "new", name]);
      await expect(made, name).rejects.toThrow(ConfigError);
      await expect(made, name).rejects.toThrow(/^notebook new: /);
    }
  });
});

describe("checkOutput", () => {
  it("takes new files in new folders, and files that are there", () => {
    for (const path of ["x.ipynb", join(folder, "a", "b", "x.html"), __filename]) checkOutput("-o", path);
  });

  it.runIf(process.getuid?.() !== 0)("refuses a folder without permission", () => {
    const closed = join(folder, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    expect(() => checkOutput("-o", join(closed, "x.ipynb"))).toThrow(/nothing can be written/);
  });
});

describe("writing", () => {
  const failing = (code: string) => Object.assign(new Error(`${code}: refused`), { code });
  const fails = (error: unknown) => () =>
    writing("-o", "x", () => {
      throw error;
    });

  it("says once that a disk is full, which is no mistake of usage", () => {
    const told = catchError(fails(writeFailure("x", failing("ENOSPC"))));
    expect(told.message).toBe(
      "write: x must be written, and the disk is full (ENOSPC); free space and run the same command again: what was complete before is kept",
    );
    expect(exitCodeOf(told)).toBe(EXIT.failed);
    expect(catchError(fails(failing("ENOSPC"))).message).toBe(told.message);
    for (const code of ["EDQUOT", "EIO", "EMFILE"]) expect(exitCodeOf(catchError(fails(failing(code))))).toBe(1);
  });

  it("names the option whose place cannot be written, as a mistake of usage", () => {
    for (const code of ["EACCES", "EROFS", "ENOTDIR", "EISDIR", "ENAMETOOLONG"]) {
      const told = catchError(fails(writeFailure("x", failing(code))));
      expect(told.message).toMatch(new RegExp(`^-o: x must be written, and [^;]*\\(${code}\\); choose [^;]*$`));
      expect(exitCodeOf(told)).toBe(EXIT.usage);
    }
  });

  it("leaves other errors alone", () => {
    expect(fails(new RangeError("a fault of ours"))).toThrow(RangeError);
    expect(fails(new DataError("said already"))).toThrow("said already");
  });

  it.runIf(canMount)("leaves the file that was there on a disk without room", () => {
    const disk = smallDisk(16384)!;
    try {
      const path = join(disk.path, "x.html");
      writeFileSync(path, "before");
      const told = catchError(() => writing("-o", path, () => writeAtomic(path, "x".repeat(65536))));
      expect(told.message.match(/must be written/g)).toHaveLength(1);
      expect(exitCodeOf(told)).toBe(EXIT.failed);
      expect(readFileSync(path, "utf8")).toBe("before");
    } finally {
      disk.unmount();
    }
  });
});

function catchError(act: () => void): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
