import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Rng } from "../../src/core";
import { engine } from "../../src/engine";
import { exportNetwork } from "../../src/export";
import { timmState } from "../../src/export/timm";
import { Network, writeSafetensors } from "../../src/nn";
import { architecturePreset } from "../../src/space";
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
  [["--to", "safetensors", "--out", teacher], 2, /is the network that is exported/],
  [["--to", "layers-model", "--out", teacher], 2, /is the network that is exported/],
  [["--to", "layers-model", "--out", __filename], 2, /makes a folder, and .* is a file/],
  [["--to", "card", "--arch", "resnet18"], 2, /arch is for weights of torchvision or timm/],
])("%j is refused with a sentence", async (options, exit, words) => {
  const { code, err } = await blockwise("export", teacher, ...options);
  expect(code, err).toBe(exit);
  expect(err).toMatch(words);
  expect(existsSync(join(folder, "card.txt"))).toBe(false);
});

test("weights that may be of two networks are exported with a remark, or as the one that --arch names", async () => {
  const timm = join(folder, "weights.safetensors");
  const network = new Network({ ...architecturePreset("mobilenetv3_small_100"), classes: 2 }, new Rng(1));
  writeSafetensors(timm, timmState({ network, architecture: network.architecture }));
  network.dispose();
  const out = join(folder, "small.py");
  const plain = await blockwise("export", timm, "--to", "pytorch", "--out", out);
  expect([plain.code, plain.err]).toEqual([0, expect.stringMatching(/--arch tf_mobilenetv3_small_100/)]);
  expect(readFileSync(out, "utf8")).toContain("symmetric");
  const named = await blockwise(
    ...["export", timm, "--to", "pytorch", "--out", out, "--arch", "tf_mobilenetv3_small_100"],
  );
  expect([named.code, named.err]).toEqual([0, ""]);
  expect(readFileSync(out, "utf8")).not.toContain("symmetric");
});

test("what is no weights file is refused with what to do", async () => {
  const pickle = join(folder, "resnet18.pth");
  writeFileSync(pickle, "PK");
  const { code, err } = await blockwise("export", pickle, "--to", "onnx");
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(/save_file\(model\.state_dict\(\), ".*resnet18\.safetensors"\)/),
  ]);
});
