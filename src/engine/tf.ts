/**
 * TensorFlow.js, whole: the union package, because `tfjs-core` alone registers no gradients.
 * Only `src/engine` imports it; every other room takes `tf` from here.
 */
import * as tf from "@tensorflow/tfjs";
import { registerDilatedGradients } from "./dilated-gradients";
import { registerModelFiles } from "./model-files";
import { freeSavedSteps } from "./optimizer-save";
import { registerPoolingGradients } from "./pooling-gradients";
import { offerRecovery } from "./recovery";
import { registerReductionGradients } from "./reduction-gradients";
import { showByValue } from "./tensor-words";

offerRecovery(() => tf.engine());
showByValue(tf.Tensor.prototype);
registerDilatedGradients();
registerPoolingGradients();
registerReductionGradients();
registerModelFiles();
freeSavedSteps();

export { tf };
