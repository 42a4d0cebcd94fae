import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { engine } from "../../src/engine";
import { exportNetwork } from "../../src/export";
import { teacherOf } from "../export/forms";
import { blockwise } from "./blockwise";

const folder = mkdtempSync(join(tmpdir(), "blockwise-export-"));
afterAll(() => rmSync(folder, { recursive: true }));
const teacher = join(folder, "teacher.safetensors");
beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  const made = teacherOf("mobilenet_v3");
  await exportNetwork(made, "safetensors", teacher);
  made.dispose();
});

test("a teacher's file is written in the form asked for, and the files are named", async () => {
  const out = join(folder, "net.onnx");
  const { code, out: said } = await blockwise(
    ...["export", teacher, "--to", "onnx", "--out", out, "--preprocessing", "--json"],
  );
  expect([code, JSON.parse(said)]).toEqual([0, { format: "onnx", files: [out] }]);
  expect(readFileSync(out).length).toBeGreaterThan(1000);
});

test.each([
  [["--to", "tflite"], 2, /to must be .*onnx/],
  [[], 2, /--to/],
  [["--to", "timm", "--preprocessing"], 2, /preprocessing is of "onnx"/],
  [["--to", "card", "--out", join(folder, "card.txt")], 2, /must end with \.html/],
])("%j is refused with a sentence", async (options, exit, words) => {
  const { code, err } = await blockwise("export", teacher, ...options);
  expect(code, err).toBe(exit);
  expect(err).toMatch(words);
  expect(existsSync(join(folder, "card.txt"))).toBe(false);
});
