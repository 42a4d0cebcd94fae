/**
 * TensorFlow.js, whole: the union package, because `tfjs-core` alone registers no gradients.
 * Only `src/engine` imports it; every other room takes `tf` from here.
 */
import * as tf from "@tensorflow/tfjs";
import { registerDilatedGradients } from "./dilated-gradients";
import { offerRecovery } from "./recovery";
import { showByValue } from "./tensor-words";

offerRecovery(() => tf.engine());
showByValue(tf.Tensor.prototype);
registerDilatedGradients();

export { tf };
