/**
 * What runs in the page that times models, plain JavaScript: `timing.start(backend)`, then `timing.prepare(i, about)` of each
 * model, then `timing.times([i, ...])`, milliseconds of one run each.
 *
 * A network is timed as a page uses it: picture in, answer out. Of a layer the first number is read, so that a GPU has done by
 * then, and its input lies there already. A call of nothing is timed both ways: "upload" says whether the picture is handed over.
 */
export const TIMING_SCRIPT = `"use strict";
const models = [];
const random = (count) => Float32Array.from({ length: count }, () => Math.random() - 0.5);
const count = (shape) => shape.reduce((a, b) => a * b, 1);

const tfjs = {
  async start(backend) {
    if (backend === "wasm") {
      // One thread, as in a page that is not isolated: most are not.
      tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
      tf.wasm.setWasmPaths("/wasm/");
      if (!(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) throw new Error("no SIMD in this WebAssembly");
    }
    if (!(await tf.setBackend(backend))) throw new Error("it does not start here");
    await tf.ready();
    if (tf.getBackend() !== backend) throw new Error("TensorFlow.js took " + tf.getBackend() + " in its stead");
    return { device: await device(backend), versions: { tfjs: tf.version_core } };
  },
  async prepare(i, { url, shape, upload }) {
    const modelTopology = await (await fetch(url)).json();
    const model = await tf.loadLayersModel({ load: async () => ({ modelTopology }) });
    const values = random(count(shape));
    models[i] = { model, values, shape, upload, x: upload ? undefined : tf.tensor(values, shape) };
  },
  async time(i) {
    const { model, values, shape, upload, x } = models[i];
    const from = performance.now();
    const given = x ?? tf.tensor(values, shape);
    const y = model.predict(given);
    const read = upload && y.rank === 2 ? y : tf.slice(y, y.shape.map(() => 0), y.shape.map(() => 1));
    await read.data();
    const time = performance.now() - from;
    if (read !== y) read.dispose();
    if (upload) given.dispose();
    y.dispose();
    return time;
  },
};

const onnx = {
  async start() {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = "/ort/";
    return { device: "cpu", versions: { "onnxruntime-web": ort.env.versions.web } };
  },
  async prepare(i, { url, shape }) {
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    models[i] = { session, x: new ort.Tensor("float32", random(count(shape)), shape) };
  },
  async time(i) {
    const { session, x } = models[i];
    const from = performance.now();
    await session.run({ image: x });
    return performance.now() - from;
  },
};

async function device(backend) {
  if (backend === "webgl") {
    const gl = document.createElement("canvas").getContext("webgl2");
    const about = gl.getExtension("WEBGL_debug_renderer_info");
    return String(gl.getParameter(about ? about.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  }
  if (backend === "webgpu") {
    const { info } = await navigator.gpu.requestAdapter();
    return [info.vendor, info.architecture, info.description].filter(Boolean).join(" ") || "a GPU that says no name";
  }
  return "cpu";
}

let runner;
globalThis.timing = {
  start(backend) {
    runner = backend === "ort" ? onnx : tfjs;
    return runner.start(backend);
  },
  prepare: (i, about) => runner.prepare(i, about),
  async times(which) {
    const all = [];
    for (const i of which) all.push(await runner.time(i));
    return all;
  },
};
`;
