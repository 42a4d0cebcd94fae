import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/main";
import { checkOutput, writing } from "../../src/cli/output-file";
import { ConfigError } from "../../src/core";
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
  it("says in a sentence what the file system refuses, and leaves other errors alone", () => {
    const full = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
    const fails = (error: Error) => () =>
      writing("-o", "x", () => {
        throw error;
      });
    expect(fails(full)).toThrow(ConfigError);
    expect(fails(full)).toThrow(/x must be writable, got ENOSPC: no space left/);
    expect(fails(new RangeError("a fault of ours"))).toThrow(RangeError);
  });
});
