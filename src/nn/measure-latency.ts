import { breathe, Progress, Rng, type StepContext } from "../core";
import { engine, fused, tf } from "../engine";
import type { HiddenLayer, ImageShape, Layer } from "../space";
import { buildLayer } from "./build-layer";
import type { LayerSettings } from "./conv-norm";
import { linearKernel } from "./initialisers";

/** A layer with what enters it; "classifier" is global average pooling and a linear layer. */
export interface LatencySubject {
  readonly layer: Layer | { readonly kind: "classifier"; readonly classes: number; readonly hidden?: HiddenLayer };
  /** `[height, width, channels]` */
  readonly input: ImageShape;
}

/** Milliseconds of all runs of one layer, rising. */
export interface Latencies {
  readonly subject: LatencySubject;
  readonly sortedMs: readonly number[];
}

const WARM_UPS = 2;

/**
 * Measures how long layers take in inference on the engine in use. All layers take a turn in each round, so that whatever
 * else the machine does falls on all alike.
 * `batch`: images at once; `rounds`: runs of each layer.
 * @throws InterruptedError when stopped.
 */
export async function measureLatency(
  subjects: readonly LatencySubject[],
  settings: LayerSettings,
  { batch, rounds }: { readonly batch: number; readonly rounds: number },
  context: StepContext = {},
): Promise<Latencies[]> {
  const progress = new Progress(context, "measure latency", rounds * subjects.length, "runs");
  const rng = new Rng(1).fork("latency");
  const runs = subjects.map((subject, i) => prepare(subject, settings, batch, rng.fork(String(i))));
  const times = subjects.map((): number[] => []);
  try {
    for (let round = -WARM_UPS; round < rounds; round++) {
      for (const [i, { run }] of runs.entries()) {
        const started = performance.now();
        run();
        if (round < 0) continue;
        times[i].push(performance.now() - started);
        progress.advance();
        await breathe();
      }
    }
  } finally {
    for (const { dispose } of runs) dispose();
  }
  return subjects.map((subject, i) => ({ subject, sortedMs: times[i].sort((a, b) => a - b) }));
}

function prepare({ layer, input }: LatencySubject, settings: LayerSettings, batch: number, rng: Rng) {
  const { height, width, channels } = input;
  const values = Float32Array.from({ length: batch * height * width * channels }, () => rng.uniform() - 0.5);
  const x = tf.tensor4d(values, [batch, height, width, channels]);
  // Other devices than the CPU go on computing after the call: they have done only when the values are here.
  const waits = engine.info().device !== "cpu";
  const timed = (forward: () => tf.Tensor) => () => {
    const y = tf.tidy(forward);
    if (waits) y.dataSync();
    y.dispose();
  };
  if (layer.kind === "classifier") {
    const { hidden, classes } = layer;
    const widths = hidden ? [channels, hidden.features, classes] : [channels, classes];
    const linear = widths.slice(1).map((width, i) => ({
      kernel: linearKernel(widths[i], width, rng),
      bias: tf.zeros<tf.Rank.R1>([width]),
      activation: i + 2 < widths.length && hidden ? hidden.activation : ("none" as const),
    }));
    const run = timed(() =>
      linear.reduce<tf.Tensor2D>(
        (y, { kernel, bias, activation }) => fused.activateComposed(tf.add(tf.matMul(y, kernel), bias), activation),
        tf.mean(x, [1, 2]),
      ),
    );
    return { run, dispose: () => tf.dispose([x, ...linear.flatMap(({ kernel, bias }) => [kernel, bias])]) };
  }
  const module = buildLayer(layer, channels, settings, rng);
  const run = timed(() => module.forward(x, { mode: "eval" }));
  return {
    run,
    dispose: () => {
      x.dispose();
      module.dispose();
    },
  };
}
