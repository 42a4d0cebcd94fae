import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CheckpointError, SpaceError } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { readSafetensors, writeSafetensors } from "../../src/nn";
import { architecturePreset } from "../../src/space";
import { networkFromTorchvision, Teacher, teacherFromTorchvision } from "../../src/teacher";

const PYTHON = process.env.BLOCKWISE_PYTHON ?? "/usr/bin/python3";
const SCRIPT = join(__dirname, "../golden/torchvision-logits.py");
const NETS = ["efficientnet_b0", "resnet18"];
const hasTorchvision = spawnSync(PYTHON, ["-c", "import torchvision"]).status === 0;
if (!hasTorchvision && process.env.BLOCKWISE_REQUIRE_PYTORCH === "1") {
  throw new Error(
    `BLOCKWISE_REQUIRE_PYTORCH=1, but ${PYTHON} has no torchvision (Debian: apt install python3-torchvision)`,
  );
}

const folder = mkdtempSync(join(tmpdir(), "torchvision-"));
const file = (name: string) => join(folder, `${name}.safetensors`);

describe.skipIf(!hasTorchvision)(
  hasTorchvision
    ? "weights of torchvision"
    : "weights of torchvision: NOT CHECKED, Debian's python3-torchvision is absent",
  () => {
    beforeAll(() => {
      engine.use("auto", { threads: 1 });
      const { status, stderr } = spawnSync(PYTHON, [SCRIPT, folder, "224", ...NETS], { encoding: "utf8" });
      if (status !== 0) throw new Error(stderr);
    });

    test.each(NETS)("%s answers as torchvision does, within 1e-3 at 224 pixels", (name) => {
      const before = tf.memory().numTensors;
      const teacher = teacherFromTorchvision(file(name), name);
      const seen = readSafetensors(file(`${name}-seen`)).tensors;
      const images = tf.tensor4d(seen.get("images")!.data, [1, 224, 224, 3]);
      const logits = teacher.logits(images);
      const ours = logits.dataSync() as Float32Array;
      const theirs = seen.get("logits")!.data;
      const worst = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i])), 0);
      expect(worst).toBeLessThan(1e-3);
      // Not because all answers are alike: they spread far wider than that.
      expect(Math.max(...theirs) - Math.min(...theirs)).toBeGreaterThan(0.1);
      tf.dispose([images, logits]);
      teacher.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    test("such a teacher can be split, saved and read again", () => {
      const teacher = teacherFromTorchvision(file("resnet18"), "resnet18", { dataset: "mine", accuracy: 0.7 });
      const blocks = teacher.split("stages");
      expect(blocks.map(({ output }) => [output.height, output.channels])).toEqual([
        [56, 64],
        [28, 128],
        [14, 256],
        [7, 512],
      ]);
      const path = file("saved");
      teacher.save(path);
      const read = Teacher.load(path);
      expect([read.fingerprint(), read.accuracy, read.dataset]).toEqual([teacher.fingerprint(), 0.7, "mine"]);
      for (const of of [teacher, read]) of.dispose();
    });

    test("a missing tensor, another network's file and another network are refused, and leave no tensor", () => {
      const before = tf.memory().numTensors;
      const { tensors } = readSafetensors(file("resnet18"));
      tensors.delete("layer2.0.downsample.1.running_var");
      writeSafetensors(file("torn"), tensors);
      expect(() => networkFromTorchvision(file("torn"), "resnet18")).toThrow(/layer2\.0\.downsample\.1\.running_var/);
      expect(() => networkFromTorchvision(file("resnet18"), "efficientnet_b0")).toThrow(CheckpointError);
      expect(() => networkFromTorchvision(file("resnet18"), "dna-a")).toThrow(SpaceError);
      const ten = { ...architecturePreset("resnet18"), classes: 10 };
      expect(() => networkFromTorchvision(file("resnet18"), ten)).toThrow(/must be \[512,10\], got \[512,1000\]/);
      expect(tf.memory().numTensors).toBe(before);
    });
  },
);

afterAll(() => rmSync(folder, { recursive: true }));
