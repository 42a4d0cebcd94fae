/** What a network's page does, plain JavaScript: it reads a picture as `blockwise predict` does, and shows the likeliest classes. */
export const PREDICTION_SCRIPT = `"use strict";
const about = JSON.parse(document.getElementById("about").textContent);
const say = (text) => { document.getElementById("state").textContent = text; };
const bytesOf = (id) => Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (c) => c.charCodeAt(0));

/** The network, on WebAssembly where the browser has its SIMD instructions, else in plain JavaScript. */
async function load() {
  const url = "data:application/wasm;base64," + document.getElementById("wasm").textContent.trim();
  const names = ["", "-simd", "-threaded-simd"].map((kind) => "tfjs-backend-wasm" + kind + ".wasm");
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  if (simd) tf.wasm.setWasmPaths(Object.fromEntries(names.map((name) => [name, url])));
  if (!simd || !(await tf.setBackend("wasm").catch(() => false))) await tf.setBackend("cpu");
  await tf.ready();
  const weightData = bytesOf("weights").buffer;
  const { modelTopology, weightSpecs } = about;
  return tf.loadLayersModel({ load: async () => ({ modelTopology, weightSpecs, weightData }) });
}

/** Lanczos' window of 3, as wide as the picture shrinks: for each target the first source and its weights. */
function taps(from, to) {
  const scale = Math.max(1, from / to);
  const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  return Array.from({ length: to }, (_, i) => {
    const centre = ((i + 0.5) * from) / to - 0.5;
    const first = Math.ceil(centre - 3 * scale);
    const weights = [];
    for (let at = first; at <= centre + 3 * scale; at++) {
      const x = (at - centre) / scale;
      weights.push(Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0);
    }
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** RGB rows and columns brought to another size. */
function scaled(values, { width, height }, to) {
  if (width === to.width && height === to.height) return values;
  const clamp = (at, most) => Math.min(most - 1, Math.max(0, at));
  const across = new Float32Array(height * to.width * 3);
  taps(width, to.width).forEach(({ first, weights }, x) => {
    for (let y = 0; y < height; y++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * values[(y * width + clamp(first + k, width)) * 3 + c];
        across[(y * to.width + x) * 3 + c] = sum;
      }
    }
  });
  const down = new Float32Array(to.height * to.width * 3);
  taps(height, to.height).forEach(({ first, weights }, y) => {
    for (let x = 0; x < to.width * 3; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * across[clamp(first + k, height) * to.width * 3 + x];
      down[y * to.width * 3 + x] = Math.min(255, Math.max(0, Math.round(sum)));
    }
  });
  return down;
}

/** The luminance of linear light, as sRGB has it. */
function grey(r, g, b) {
  if (r === g && g === b) return r;
  const linear = (v) => (v <= 10.31475 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const y = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  return Math.round(255 * (y <= 0.0031308 ? 12.92 * y : 1.055 * y ** (1 / 2.4) - 0.055));
}

/** A picture as the network takes it: upright, on black, scaled to fit with its proportions kept, normalised. */
async function numbersOf(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const { width, height } = bitmap;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  const rgba = context.getImageData(0, 0, width, height).data;
  const rgb = new Float32Array(width * height * 3);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) rgb[3 * i + c] = rgba[4 * i + c];
  const { input, preprocessing } = about;
  const scale = Math.min(input.width / width, input.height / height);
  const inner = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  const small = scaled(rgb, { width, height }, inner);
  const left = (input.width - inner.width) >> 1, top = (input.height - inner.height) >> 1;
  const values = new Float32Array(input.height * input.width * input.channels);
  const { mean, std } = preprocessing;
  for (let y = 0; y < input.height; y++) for (let x = 0; x < input.width; x++) {
    const [ix, iy] = [x - left, y - top];
    const inside = ix >= 0 && iy >= 0 && ix < inner.width && iy < inner.height;
    const at = (iy * inner.width + ix) * 3;
    const pixel = inside ? [small[at], small[at + 1], small[at + 2]] : [0, 0, 0];
    for (let c = 0; c < input.channels; c++) {
      const value = input.channels === 1 ? grey(...pixel) : pixel[c];
      values[(y * input.width + x) * input.channels + c] = (value / 255 - mean[c]) / std[c];
    }
  }
  return values;
}

const RUNS = 5;

async function classify(model, file) {
  const { height, width, channels } = about.input;
  const values = await numbersOf(file);
  const times = [];
  let answer;
  // The first run pays for what later ones find ready.
  for (let run = 0; run <= RUNS; run++) {
    const from = performance.now();
    const image = tf.tensor4d(values, [1, height, width, channels]);
    const output = model.predict(image);
    answer = await output.data();
    if (run > 0) times.push(performance.now() - from);
    tf.dispose([image, output]);
  }
  if (!answer.every(Number.isFinite)) throw new Error("the network gave no numbers: its weights are damaged");
  times.sort((a, b) => a - b);
  return { answer: [...answer], ms: times[RUNS >> 1] };
}

function show(file, { answer, ms }) {
  const top = answer.map((probability, i) => ({ probability, name: about.classes[i] }));
  top.sort((a, b) => b.probability - a.probability);
  const rows = top.slice(0, 5).map(({ probability, name }) => {
    const row = document.createElement("tr");
    for (const text of [name, (100 * probability).toFixed(1) + " %"]) row.append(Object.assign(document.createElement("td"), { textContent: text }));
    const bar = document.createElement("div");
    bar.style.width = (100 * probability).toFixed(1) + "%";
    row.append(document.createElement("td"));
    row.lastChild.append(bar);
    return row;
  });
  const table = document.getElementById("answer");
  table.replaceChildren(...rows);
  table.dataset.probabilities = JSON.stringify(answer);
  const picture = document.getElementById("picture");
  URL.revokeObjectURL(picture.src);
  picture.src = URL.createObjectURL(file);
  say(file.name + ": " + ms.toFixed(1) + " ms in this page (" + tf.getBackend() + ", median of " + RUNS + " runs)");
}

load().then(
  (model) => {
    const chooser = document.getElementById("file");
    let last;
    chooser.onchange = async () => {
      const [file] = chooser.files;
      if (!file) return;
      last = file;
      say("looking at " + file.name + " ...");
      try {
        const seen = await classify(model, file);
        // Another one was chosen meanwhile.
        if (last === file) show(file, seen);
      } catch (error) {
        document.getElementById("answer").replaceChildren();
        delete document.getElementById("answer").dataset.probabilities;
        say(file.name + " cannot be classified: " + error.message);
      }
    };
    chooser.disabled = false;
    say("Choose a picture: it stays on this device.");
  },
  (error) => say("the network does not start here: " + error.message),
);
`;
