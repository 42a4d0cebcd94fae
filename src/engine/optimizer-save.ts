import { AsyncLocalStorage } from "node:async_hooks";
import * as tf from "@tensorflow/tfjs";

/** Tensors that the save in progress made. */
const made = new AsyncLocalStorage<tf.Tensor[]>();

/**
 * Frees what tfjs-layers 4.22 leaves behind when a model is saved with `includeOptimizer`: each time it asks the optimizer
 * for its weights, which makes a new tensor of the number of steps, and nobody disposes it.
 */
export function freeSavedSteps(): void {
  const optimizer = tf.Optimizer.prototype;
  const { saveIterations } = optimizer;
  optimizer.saveIterations = async function (this: tf.Optimizer) {
    const steps = await saveIterations.call(this);
    made.getStore()?.push(steps.tensor);
    return steps;
  };
  const model = tf.LayersModel.prototype;
  const { save } = model;
  model.save = function (this: tf.LayersModel, ...given) {
    return made.run([], async () => {
      try {
        return await save.apply(this, given);
      } finally {
        tf.dispose(made.getStore());
      }
    });
  };
}
