import { installedVersion, loadPackage, Rng } from "../core";
import { inputOf, onnxBytes } from "./timed-model";
import type { Timer } from "./timer";

/** As much of onnxruntime-web as is used here; its types come with the package, which is not always there. */
interface OnnxRuntime {
  readonly env: { readonly wasm: { numThreads?: number } };
  readonly InferenceSession: { create(bytes: Uint8Array, options: object): Promise<Session> };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => object;
}
interface Session {
  run(feeds: Readonly<Record<string, object>>): Promise<unknown>;
  release(): Promise<void>;
}

/** Times models in onnxruntime-web in this process, with one thread. @throws ConfigError when it is not installed. */
export async function nodeTimer(): Promise<Timer> {
  const ort = loadPackage<OnnxRuntime>("onnxruntime-web");
  ort.env.wasm.numThreads = 1;
  const models = new Map<number, { readonly session: Session; readonly x: object }>();
  return {
    device: "cpu",
    versions: { node: process.versions.node, "onnxruntime-web": installedVersion("onnxruntime-web") },
    async prepare(model, timed, batch) {
      const { height, width, channels } = inputOf(timed);
      const session = await ort.InferenceSession.create(onnxBytes(timed), { executionProviders: ["wasm"] });
      const rng = new Rng(1).fork(String(model));
      const values = Float32Array.from({ length: batch * height * width * channels }, () => rng.uniform() - 0.5);
      models.set(model, { session, x: new ort.Tensor("float32", values, [batch, channels, height, width]) });
    },
    async times(which) {
      const all: number[] = [];
      for (const model of which) {
        const { session, x } = models.get(model)!;
        const from = performance.now();
        await session.run({ image: x });
        all.push(performance.now() - from);
      }
      return all;
    },
    async close() {
      for (const { session } of models.values()) await session.release();
      models.clear();
    },
  };
}
