import { tf } from "../engine";
import { copyOf, type Module } from "../nn";

/**
 * Does work that recalibrates modules, and puts the running statistics back that they had before: a rating leaves its
 * supernet as it was distilled, so that the next one, without recalibration perhaps, does not depend on it.
 */
export async function keepingStatistics<T>(modules: readonly Module[], work: () => Promise<T>): Promise<T> {
  const before = modules.flatMap((module) =>
    [...module.buffers().values()].map((variable) => ({ variable, data: copyOf(variable) })),
  );
  try {
    return await work();
  } finally {
    for (const { variable, data } of before) tf.tidy(() => variable.assign(tf.tensor(data, variable.shape)));
  }
}
