/** Where networks can be timed beside this project's own engine, and what runs them there. */
export const PLACES = {
  "chromium-wasm": { runs: "TensorFlow.js, WebAssembly with SIMD, in Chromium", backend: "wasm" },
  "chromium-webgl": { runs: "TensorFlow.js, WebGL, in Chromium", backend: "webgl" },
  "chromium-webgpu": { runs: "TensorFlow.js, WebGPU, in Chromium", backend: "webgpu" },
  "chromium-ort": { runs: "onnxruntime-web, WebAssembly with SIMD, in Chromium", backend: "ort" },
  "node-ort": { runs: "onnxruntime-web, WebAssembly with SIMD, in Node", backend: "ort" },
} as const;

export type Place = keyof typeof PLACES;

/** All of them. */
export const PLACE_NAMES = Object.keys(PLACES) as Place[];
