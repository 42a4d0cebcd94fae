import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CheckpointError, ConfigError, DataError } from "../../src/core";
import { lab } from "../../src/lab";

const folder = mkdtempSync(join(tmpdir(), "blockwise-stored-"));
const never = () => {
  throw new Error("must not be made");
};

describe("a stored result", () => {
  const path = join(folder, "ratings.json");
  const settings = { seed: 1, epochs: [4, 9] };

  it("is made anew, kept with its settings and where it comes from, and read without being made", async () => {
    const made = await lab.stored(path, { settings, anew: true, make: async () => ({ tau: 0.5, left: undefined }) });
    expect(made).toEqual({ tau: 0.5 });
    expect(await lab.stored(path, { settings, make: never })).toEqual({ tau: 0.5 });
    const file = JSON.parse(readFileSync(path, "utf8"));
    expect(file.settings).toEqual(settings);
    expect(Object.keys(file.provenance)).toEqual(
      expect.arrayContaining(["command", "commit", "finished", "environment"]),
    );
  });

  it("is refused when it was made with other settings, which are named with the way out", async () => {
    const asked = lab.stored(path, { settings: { ...settings, seed: 2 }, make: never });
    await expect(asked).rejects.toThrow(ConfigError);
    await expect(asked).rejects.toThrow(/seed: 1, now 2.*-p anew=true/);
  });

  it("is refused when it is absent, damaged, or something else", async () => {
    await expect(lab.stored(join(folder, "absent.json"), { settings, make: never })).rejects.toThrow(DataError);
    const damaged = join(folder, "damaged.json");
    writeFileSync(damaged, readFileSync(path, "utf8").replace("0.5", "0.6"));
    await expect(lab.stored(damaged, { settings, make: never })).rejects.toThrow(/SHA-256/);
    const other = join(folder, "other.json");
    writeFileSync(other, '{"tau": 1}');
    await expect(lab.stored(other, { settings, make: never })).rejects.toThrow(CheckpointError);
  });

  it.each([
    ["NaN", { tau: Number.NaN }],
    ["a map", new Map([["a", 1]])],
    ["a function", never],
    ["nothing", undefined],
  ])("cannot be %s, which a file would not give back", async (_, value) => {
    const asked = lab.stored(join(folder, "bad.json"), { settings, anew: true, make: () => value as unknown });
    await expect(asked).rejects.toThrow(/plain data/);
  });

  it("refuses a misspelt option", async () => {
    const options = { settings, make: never, renew: true } as unknown as Parameters<typeof lab.stored>[1];
    await expect(lab.stored(path, options)).rejects.toThrow(/renew/);
  });
});
