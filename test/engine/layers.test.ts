import { afterAll, beforeAll, expect, test } from "vitest";
import { engine, tf } from "../../src/engine";
import { describeNative, expectClose, on, randomTensor } from "./native";

const L = tf.layers;
type Node = tf.SymbolicTensor;

/** How a layer stands in a network: from an input of this shape. */
interface Place {
  input?: number[];
  apply: (x: Node) => Node;
  /** Draws at random: both engines then draw differently. */
  random?: boolean;
  /** tfjs has no gradient of it for any engine. */
  inferenceOnly?: true;
}

const IMAGE = [8, 6, 3];
const SERIES = [6, 4];
const VOLUME = [4, 4, 4, 2];

const one = (make: () => { apply(x: Node): unknown }, input = IMAGE): Place => ({
  input,
  apply: (x) => make().apply(x) as Node,
});
const two = (make: () => { apply(x: Node[]): unknown }): Place => ({
  apply: (x) => {
    const branch = () => L.conv2d({ filters: 4, kernelSize: 1 }).apply(x) as Node;
    return make().apply([branch(), branch()]) as Node;
  },
});

/** Every layer of tf.layers under its main name. */
const PLACES: Record<string, Place> = {
  activation: one(() => L.activation({ activation: "swish" })),
  add: two(() => L.add()),
  alphaDropout: { ...one(() => L.alphaDropout({ rate: 0.2 })), random: true },
  average: two(() => L.average()),
  averagePooling1d: one(() => L.averagePooling1d({ poolSize: 2 }), SERIES),
  averagePooling2d: one(() => L.averagePooling2d({ poolSize: 3, strides: 2 })),
  averagePooling3d: one(() => L.averagePooling3d({ poolSize: 2 }), VOLUME),
  batchNormalization: one(() => L.batchNormalization()),
  bidirectional: one(() => L.bidirectional({ layer: L.gru({ units: 3 }) as never, mergeMode: "concat" }), SERIES),
  concatenate: two(() => L.concatenate()),
  conv1d: one(() => L.conv1d({ filters: 4, kernelSize: 3 }), SERIES),
  conv2d: one(() => L.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same", activation: "relu" })),
  conv2dTranspose: one(() => L.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: "same" })),
  conv3d: one(() => L.conv3d({ filters: 3, kernelSize: 2 }), VOLUME),
  conv3dTranspose: { ...one(() => L.conv3dTranspose({ filters: 3, kernelSize: 2 }), VOLUME), inferenceOnly: true },
  convLstm2d: one(() => L.convLstm2d({ filters: 3, kernelSize: 3 }) as never, [3, 5, 5, 2]),
  cropping2D: one(() =>
    L.cropping2D({
      cropping: [
        [1, 2],
        [0, 1],
      ],
    }),
  ),
  dense: one(() => L.dense({ units: 4, activation: "tanh" })),
  depthwiseConv2d: one(() => L.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, strides: 2, padding: "same" })),
  dot: two(() => ({
    apply: (pair) => L.dot({ axes: 1, normalize: true }).apply(pair.map((x) => L.flatten().apply(x) as Node)),
  })),
  dropout: one(() => L.dropout({ rate: 0.3, seed: 4 })),
  elu: one(() => L.elu()),
  embedding: one(() => ({ apply: (x) => L.embedding({ inputDim: 5, outputDim: 3 }).apply(x) }), [4]),
  flatten: one(() => L.flatten()),
  gaussianDropout: { ...one(() => L.gaussianDropout({ rate: 0.2 })), random: true },
  gaussianNoise: { ...one(() => L.gaussianNoise({ stddev: 0.1 })), random: true },
  globalAveragePooling1d: one(() => L.globalAveragePooling1d(), SERIES),
  globalAveragePooling2d: one(() => L.globalAveragePooling2d({})),
  globalMaxPooling1d: one(() => L.globalMaxPooling1d(), SERIES),
  globalMaxPooling2d: one(() => L.globalMaxPooling2d({})),
  gru: one(() => L.gru({ units: 3 }), SERIES),
  layerNormalization: one(() => L.layerNormalization()),
  leakyReLU: one(() => L.leakyReLU({ alpha: 0.2 })),
  lstm: one(() => L.lstm({ units: 3, returnSequences: true }), SERIES),
  masking: { ...one(() => L.masking(), SERIES), inferenceOnly: true },
  maxPooling1d: one(() => L.maxPooling1d({ poolSize: 2 }), SERIES),
  maxPooling2d: one(() => L.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" })),
  maxPooling3d: one(() => L.maxPooling3d({ poolSize: 2 }), VOLUME),
  maximum: two(() => L.maximum()),
  minimum: two(() => L.minimum()),
  multiply: two(() => L.multiply()),
  permute: one(() => L.permute({ dims: [3, 1, 2] })),
  prelu: one(() => L.prelu()),
  reLU: one(() => L.reLU({ maxValue: 1 })),
  repeatVector: one(() => L.repeatVector({ n: 3 }), [4]),
  rescaling: one(() => L.rescaling({ scale: 0.5, offset: 1 })),
  reshape: one(() => L.reshape({ targetShape: [6, 24] })),
  separableConv2d: one(() => L.separableConv2d({ filters: 4, kernelSize: 3 })),
  simpleRNN: one(() => L.simpleRNN({ units: 3 }), SERIES),
  softmax: one(() => L.softmax(), [4]),
  spatialDropout1d: { ...one(() => L.spatialDropout1d({ rate: 0.2 }), SERIES), random: true },
  thresholdedReLU: { ...one(() => L.thresholdedReLU({ theta: 0.2 })), inferenceOnly: true },
  timeDistributed: one(() => L.timeDistributed({ layer: L.dense({ units: 3 }) }), SERIES),
  upSampling2d: one(() => L.upSampling2d({ size: [2, 2], interpolation: "bilinear" }), [6, 6, 3]),
  zeroPadding2d: one(() =>
    L.zeroPadding2d({
      padding: [
        [1, 2],
        [0, 3],
      ],
    }),
  ),
};

/** Layers that prepare data, without a gradient; tfjs 4.22 itself cannot put all of them into a network. */
const PREPARING: Record<string, () => tf.Tensor> = {
  categoryEncoding: () =>
    L.categoryEncoding({ numTokens: 5, outputMode: "multiHot" }).apply(
      tf.tensor2d(
        [
          [0, 2],
          [4, 1],
        ],
        [2, 2],
        "int32",
      ),
    ) as tf.Tensor,
  centerCrop: () => L.centerCrop({ height: 5, width: 4 }).apply(randomTensor(1, [2, ...IMAGE])) as tf.Tensor,
  randomWidth: () => L.randomWidth({ factor: [0, 0] }).apply(randomTensor(1, [2, ...IMAGE])) as tf.Tensor,
  resizing: () => L.resizing({ height: 5, width: 7 }).apply(randomTensor(1, [2, ...IMAGE])) as tf.Tensor,
};

/** Names that stand for others, or for nothing by themselves. */
const BARE = ["Layer", "RNN", "RNNCell", "input", "inputLayer", "rnn"];
const CELLS = ["convLstm2dCell", "gruCell", "lstmCell", "simpleRNNCell", "stackedRNNCells"];
/** Second names. */
const ALIASES = /^(avgPool(ing)?|maxPool|globalMaxPool)[123]d$/;

/** A network around a layer: something to learn before it and after it. */
function around({ input = IMAGE, apply, inferenceOnly }: Place): tf.LayersModel {
  const x = tf.input({ shape: input });
  const whole = input.length === 1;
  const before = whole || inferenceOnly ? x : (L.dense({ units: input[input.length - 1] }).apply(x) as Node);
  const placed = apply(before);
  const after = placed.rank > 2 ? (L.flatten().apply(placed) as Node) : placed;
  const y = L.dense({ units: 3, activation: "softmax" }).apply(after) as Node;
  const model = tf.model({ inputs: x, outputs: y });
  model.compile({ optimizer: tf.train.sgd(0.1), loss: "categoricalCrossentropy" });
  return model;
}

function largestDifference(a: Float32Array[], b: Float32Array[]): number {
  return Math.max(0, ...a.flatMap((values, i) => Array.from(values, (value, k) => Math.abs(value - b[i][k]))));
}

/** Where a weight starts, the same in every run. */
function startOf({ name, shape }: { name: string; shape: tf.Shape }, i: number): tf.Tensor {
  const drawn = randomTensor(i, shape as number[]).mul(0.2);
  return /variance|gamma/.test(name) ? drawn.abs().add(1) : drawn;
}

const weightsOf = (model: tf.LayersModel) => model.getWeights().map((w) => w.dataSync() as Float32Array);

describeNative("every layer of tf.layers trains natively, as on the cpu backend", () => {
  beforeAll(() => {
    process.env.BLOCKWISE_NO_FALLBACK = "1";
  });
  afterAll(() => {
    delete process.env.BLOCKWISE_NO_FALLBACK;
    engine.use("native");
  });

  test("no layer is forgotten", () => {
    const known = [...Object.keys(PLACES), ...Object.keys(PREPARING), ...BARE, ...CELLS];
    expect(
      Object.keys(L)
        .filter((name) => !ALIASES.test(name))
        .sort(),
    ).toEqual(known.sort());
  });

  for (const [name, prepare] of Object.entries(PREPARING)) {
    test(name, () => expectClose(on("native", prepare), on("cpu", prepare)));
  }

  for (const [name, place] of Object.entries(PLACES)) {
    test(name, async () => {
      engine.use("native", { threads: 1 });
      const before = engine.info().fallbacks;
      const model = around(place);
      const shape = [4, ...(place.input ?? IMAGE)];
      const x =
        name === "embedding"
          ? tf.tensor2d([0, 1, 2, 3, 4, 0, 1, 2, 3, 3, 2, 1, 0, 4, 4, 4], [4, 4])
          : randomTensor(3, shape);
      const y = tf.oneHot(tf.tensor1d([0, 2, 1, 2], "int32"), 3).toFloat();
      const start = model.weights.map(startOf);
      const after: Float32Array[][] = [];
      for (const backend of ["native", "cpu"] as const) {
        engine.use(backend);
        model.setWeights(start);
        for (let step = 0; step < 2 && !place.inferenceOnly; step++) await model.trainOnBatch(x, y);
        after.push([...weightsOf(model), (model.predict(x) as tf.Tensor).dataSync() as Float32Array]);
      }
      expect(after[0].flatMap((values) => [...values]).every(Number.isFinite)).toBe(true);
      const from = start.map((w) => w.dataSync() as Float32Array);
      const moved = largestDifference(after[0].slice(0, -1), from);
      if (!place.inferenceOnly) expect(moved).toBeGreaterThan(1e-4);
      if (!place.random) expect(largestDifference(after[0], after[1])).toBeLessThan(2e-4);
      engine.use("native");
      expect(engine.info().fallbacks).toEqual(before);
      model.dispose();
      tf.dispose([x, y, ...start]);
    });
  }
});
