/**
 * TensorFlow.js, whole: the union package, because `tfjs-core` alone registers no gradients.
 * Only `src/engine` imports it; every other room takes `tf` from here.
 */
import * as tf from "@tensorflow/tfjs";
import { offerRecovery } from "./recovery";

offerRecovery(() => tf.engine());

export { tf };
