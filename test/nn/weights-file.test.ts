import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CheckpointError } from "../../src/core";
import { readPyTorchWeights } from "../../src/nn";

/** Written by golden/pth-files.py. */
const golden = (name: string) => join(__dirname, "../golden/pth", name);
const folder = mkdtempSync(join(tmpdir(), "pth-"));
afterAll(() => rmSync(folder, { recursive: true }));

const base = Array.from({ length: 12 }, (_, i) => i / 4 - 1);
const turned = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11].map((i) => base[i]);

test.each(["state.pth", "legacy.pth", "checkpoint.pth"])(
  "%s: floats of all widths, views of them, and no whole numbers",
  async (name) => {
    const { tensors, remarks } = await readPyTorchWeights(golden(name));
    expect(remarks).toEqual([]);
    const read = Object.fromEntries([...tensors].map(([key, { shape, data }]) => [key, [shape, [...data]]]));
    expect(read).toEqual({
      "conv.weight": [[3, 4], base],
      "conv.turned": [[4, 3], turned],
      "conv.row": [[4], base.slice(4, 8)],
      half: [[3, 4], base],
      bfloat: [[3, 4], base],
      double: [[3, 4], base],
      scalar: [[], [2.5]],
      parameter: [[1, 4], base.slice(0, 4)],
    });
  },
);

test.each([
  ["harm.pth", /holds or calls (posix|os)\.system/],
  ["harm-legacy.pth", /holds or calls (posix|os)\.system/],
  ["module.pth", /holds or calls torch\.nn\.modules\.linear\.Linear/],
  ["nothing.pth", /holds no tensors, but epoch/],
])("%s is refused, and nothing in it is run", async (name, message) => {
  await expect(readPyTorchWeights(golden(name))).rejects.toThrow(message);
  await expect(readPyTorchWeights(golden(name))).rejects.toThrow(CheckpointError);
  await expect(readPyTorchWeights(golden(name))).rejects.toThrow(
    /save_file\(model\.state_dict\(\), ".*\.safetensors"\)/,
  );
  expect(existsSync("harmed")).toBe(false);
});

test.each(["state.pth", "legacy.pth"])(
  "%s that was cut short or changed anywhere is refused or read, and never hangs",
  async (name) => {
    const whole = readFileSync(golden(name));
    const path = join(folder, name);
    for (let length = 0; length < whole.length; length += 97) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(readPyTorchWeights(path)).rejects.toThrow(CheckpointError);
    }
    for (let at = 0; at < whole.length; at += 61) {
      const changed = Buffer.from(whole);
      changed[at] ^= 0x5a;
      writeFileSync(path, changed);
      await readPyTorchWeights(path).catch((error) => expect(error).toBeInstanceOf(CheckpointError));
    }
  },
);

test("weights that were changed do not match their checksum", async () => {
  const whole = readFileSync(golden("state.pth"));
  const at = whole.indexOf(Buffer.from(Float32Array.from(base).buffer));
  expect(at).toBeGreaterThan(0);
  whole[at + 5] ^= 1;
  writeFileSync(join(folder, "changed.pth"), whole);
  await expect(readPyTorchWeights(join(folder, "changed.pth"))).rejects.toThrow(/does not match its checksum/);
});

test("a file that is absent, or none of PyTorch's, says so", async () => {
  await expect(readPyTorchWeights(join(folder, "none.pth"))).rejects.toThrow(/must be a file of weights, and/);
  writeFileSync(join(folder, "text.pth"), "text");
  await expect(readPyTorchWeights(join(folder, "text.pth"))).rejects.toThrow(/does not begin as one/);
});
