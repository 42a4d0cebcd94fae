import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engine } from "../../src/engine";
import { exportNetwork } from "../../src/export";
import { pythonFinds } from "../teacher/hub";
import { FORMS, ownLogits, pixelsOf, python, teacherOf } from "./forms";

const folder = mkdtempSync(join(tmpdir(), "export-onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  engine.use("auto", { threads: 1 });
  ort.env.wasm.numThreads = 1;
});
const hasOnnx = pythonFinds("onnx");

function off(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

describe.each(Object.keys(FORMS))("%s as ONNX", (form) => {
  test("answers in onnxruntime as here, for batches of any size, from bytes and from normalised numbers", async () => {
    const teacher = teacherOf(form);
    const { height, width, channels } = teacher.architecture.input;
    const paths = [join(folder, `${form}.onnx`), join(folder, `${form}-bytes.onnx`)];
    expect(await exportNetwork(teacher, "onnx", paths[0])).toEqual([paths[0]]);
    await exportNetwork(teacher, "onnx", paths[1], { preprocessing: true });
    const [numbers, bytes] = await Promise.all(
      paths.map((path) => ort.InferenceSession.create(readFileSync(path), { executionProviders: ["wasm"] })),
    );
    for (const batch of [1, 3]) {
      const pixels = pixelsOf(teacher.architecture, batch);
      const expected = ownLogits(teacher, pixels, batch);
      expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.1);
      const given = new ort.Tensor("uint8", pixels, [batch, height, width, channels]);
      const { logits } = await bytes.run({ pixels: given });
      expect(logits.dims).toEqual([batch, teacher.classes.length]);
      expect(off(logits.data as Float32Array, expected)).toBeLessThan(1e-4);
      const { mean, std } = teacher.preprocessing;
      const plane = height * width;
      const planes = Float32Array.from({ length: pixels.length }, (_, at) => {
        const c = Math.floor(at / plane) % channels;
        const image = Math.floor(at / (plane * channels));
        return (pixels[(image * plane + (at % plane)) * channels + c] / 255 - mean[c]) / std[c];
      });
      const image = new ort.Tensor("float32", planes, [batch, channels, height, width]);
      const second = await numbers.run({ image });
      expect(off(second.logits.data as Float32Array, expected)).toBeLessThan(1e-4);
    }
    teacher.dispose();
  });

  test.skipIf(!hasOnnx)(
    hasOnnx ? "is what ONNX's own checker accepts" : "ONNX's own checker: NOT ASKED, Debian's python3-onnx is absent",
    async () => {
      const teacher = teacherOf(form);
      const path = join(folder, `${form}-checked.onnx`);
      await exportNetwork(teacher, "onnx", path, { preprocessing: true });
      const said = python(
        [
          "import onnx, sys, json",
          "model = onnx.load(sys.argv[1])",
          "onnx.checker.check_model(model, full_check=True)",
          "about = {p.key: json.loads(p.value) for p in model.metadata_props}",
          "batch = model.graph.output[0].type.tensor_type.shape.dim[0].dim_param",
          "print(json.dumps([about['classes'], batch, model.opset_import[0].version]))",
        ],
        path,
      );
      expect(said).toEqual([teacher.classes, "batch", 13]);
      teacher.dispose();
    },
  );
});
