/** Models to and from `file://`, as tfjs-node has it, and saving an optimizer without leaving tensors behind. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CheckpointError } from "../../src/core";
import { engine, tf } from "../../src/engine";

const folder = mkdtempSync(join(tmpdir(), "blockwise-models-"));

function small(): tf.LayersModel {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 4, inputShape: [3], activation: "relu" }));
  model.add(tf.layers.batchNormalization());
  model.add(tf.layers.dense({ units: 2 }));
  return model;
}

const values = (model: tf.LayersModel) => model.getWeights().map((w) => [...w.dataSync()]);

beforeAll(() => {
  engine.use("cpu");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("file://", () => {
  it("keeps a model: absolute, relative, and with a space as it is or as a URL has it", async () => {
    const model = small();
    const absolute = join(folder, "a");
    const places = [
      [absolute, absolute],
      [relative(process.cwd(), join(folder, "b")), join(folder, "b")],
      [join(folder, "c d"), join(folder, "c d")],
      [join(folder, "e%20f"), join(folder, "e f")],
      [join(folder, "90%"), join(folder, "90%")],
    ];
    for (const [named, real] of places) {
      const { modelArtifactsInfo } = await model.save(`file://${named}`);
      expect(modelArtifactsInfo.modelTopologyType).toBe("JSON");
      expect(existsSync(join(real, "model.json")) && existsSync(join(real, "weights.bin"))).toBe(true);
      const loaded = await tf.loadLayersModel(`file://${named}/model.json`);
      expect(values(loaded)).toEqual(values(model));
      loaded.dispose();
    }
    model.dispose();
  });

  it("keeps the optimizer where asked to", async () => {
    const model = small();
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    await model.fit(tf.ones([4, 3]), tf.zeros([4, 2]), { epochs: 2, verbose: 0 });
    await model.save(`file://${folder}/trained`, { includeOptimizer: true });
    const loaded = await tf.loadLayersModel(`file://${folder}/trained/model.json`);
    expect(values(loaded)).toEqual(values(model));
    expect(loaded.optimizer?.getClassName()).toBe("Adam");
    const steps = async (of: tf.LayersModel) =>
      (await of.optimizer.getWeights()).map(({ name, tensor }) => [
        name.replace(/^.*\/([^/]+)$/, "$1"),
        [...tensor.dataSync()],
      ]);
    expect((await steps(loaded)).map(([, data]) => data)).toEqual((await steps(model)).map(([, data]) => data));
  });

  it("reads weights in several shards", async () => {
    const model = small();
    const path = join(folder, "shards");
    await model.save(`file://${path}`);
    const bytes = readFileSync(join(path, "weights.bin"));
    const json = JSON.parse(readFileSync(join(path, "model.json"), "utf8"));
    json.weightsManifest[0].paths = ["part 1.bin", "part%202.bin"];
    writeFileSync(join(path, "part 1.bin"), bytes.subarray(0, 10));
    writeFileSync(join(path, "part 2.bin"), bytes.subarray(10));
    writeFileSync(join(path, "model.json"), JSON.stringify(json));
    const loaded = await tf.loadLayersModel(`file://${path}/model.json`);
    expect(values(loaded)).toEqual(values(model));
  });

  it("says what is wrong: nothing there, a folder, no JSON, another JSON, weights that are absent or cut", async () => {
    const model = small();
    const path = join(folder, "broken");
    await model.save(`file://${path}`);
    const load = (name: string) => tf.loadLayersModel(`file://${name}`);
    await expect(load(join(folder, "none", "model.json"))).rejects.toThrow(CheckpointError);
    await expect(load(path)).rejects.toThrow(/name the file: file:.*broken\/model\.json/);
    const weights = readFileSync(join(path, "weights.bin"));
    writeFileSync(join(path, "weights.bin"), weights.subarray(4));
    await expect(load(join(path, "model.json"))).rejects.toThrow(/must have \d+ bytes/);
    rmSync(join(path, "weights.bin"));
    await expect(load(join(path, "model.json"))).rejects.toThrow(/weights must lie in .*weights\.bin/);
    for (const text of ["", "{", "null", "[]", "{}", "3"]) {
      writeFileSync(join(path, "model.json"), text);
      await expect(load(join(path, "model.json"))).rejects.toThrow(CheckpointError);
    }
    for (const group of [null, {}, 3, { paths: [1], weights: [] }, { paths: [], weights: [null] }]) {
      writeFileSync(join(path, "model.json"), JSON.stringify({ modelTopology: {}, weightsManifest: [group] }));
      await expect(load(join(path, "model.json"))).rejects.toThrow(/weightsManifest must be a list of .* at place 0/);
    }
    writeFileSync(join(folder, "file"), "");
    await expect(model.save(`file://${folder}/file`)).rejects.toThrow(CheckpointError);
    mkdirSync(join(folder, "blocked", "model.json"), { recursive: true });
    await expect(model.save(`file://${folder}/blocked`)).rejects.toThrow(CheckpointError);
  });
});

describe("saving a model with its optimizer", () => {
  // tfjs-layers 4.22 leaks the tensor of the number of steps at each save; src/engine/optimizer-save.ts frees it.
  for (const optimizer of ["sgd", "adam", "rmsprop", "adagrad"]) {
    it(`leaves no tensor behind: ${optimizer}`, async () => {
      const model = small();
      model.compile({ optimizer, loss: "meanSquaredError" });
      await model.fit(tf.ones([4, 3]), tf.zeros([4, 2]), { epochs: 1, verbose: 0 });
      const handler = tf.io.withSaveHandler(async () => ({
        modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" },
      }));
      const before = tf.memory().numTensors;
      for (let i = 0; i < 3; i++) await model.save(handler, { includeOptimizer: true });
      await Promise.all([1, 2, 3].map(() => model.save(handler, { includeOptimizer: true })));
      const failing = tf.io.withSaveHandler(async () => Promise.reject(new Error("full")));
      await expect(model.save(failing, { includeOptimizer: true })).rejects.toThrow("full");
      expect(tf.memory().numTensors).toBe(before);
      expect(values(model)).toHaveLength(8);
    });
  }
});
