import { engine, tf } from "../src/engine";
import { median, round } from "./numbers";

/** Microseconds of adding two tensors of four numbers and disposing the sum: what a call costs beside its work. */
export interface SmallAdd {
  add_us: number;
  add_cpu_us: number;
}

const TOGETHER = 200;
const ROUNDS = 60;

function start(backend: "native" | "cpu"): () => number {
  engine.use(backend, backend === "native" ? { threads: 1 } : {});
  const [a, b] = [tf.tensor1d([1, 2, 3, 4]), tf.tensor1d([5, 6, 7, 8])];
  return () => {
    tf.setBackend(backend);
    const begin = performance.now();
    for (let i = 0; i < TOGETHER; i++) tf.add(a, b).dispose();
    return ((performance.now() - begin) * 1000) / TOGETHER;
  };
}

/** Both backends in turns; medians, after half the rounds as warm-up. */
export function measureSmallAdd(): SmallAdd {
  const [ours, theirs] = [start("native"), start("cpu")];
  const times = Array.from({ length: 2 * ROUNDS }, () => [ours(), theirs()]).slice(ROUNDS);
  engine.use("native");
  return { add_us: round(median(times.map(([t]) => t))), add_cpu_us: round(median(times.map(([, t]) => t))) };
}
