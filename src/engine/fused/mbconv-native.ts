import * as tf from "@tensorflow/tfjs";
import { recording, runKernels } from "./dispatch";
import type { MBConvOptions, MBConvWeights } from "./types";

/** The weights by the names of the native kernels' inputs. */
export function namedWeights({ expand, depthwise, se, project }: MBConvWeights): tf.NamedTensorMap {
  return {
    ...(expand && { w1: expand.kernel, gamma1: expand.gamma, beta1: expand.beta }),
    wd: depthwise.kernel,
    gamma2: depthwise.gamma,
    beta2: depthwise.beta,
    ...(se && { se1: se.w1, seBias1: se.b1, se2: se.w2, seBias2: se.b2 }),
    w2: project.kernel,
    gamma3: project.gamma,
    beta3: project.beta,
  };
}

/** The attributes of the native kernels: the options, and where the depthwise windows lie. */
export function mbconvNumbers(x: tf.Tensor4D, weights: MBConvWeights, options: MBConvOptions) {
  const { stride, padding, epsilon, activation, residual, inputGradient = true } = options;
  const wd = weights.depthwise.kernel.shape;
  const { padInfo, outHeight, outWidth } = tf.backend_util.computeConv2DInfo(
    x.shape,
    wd,
    stride,
    1,
    padding,
    undefined,
    true,
  );
  const place = { stride, padTop: padInfo.top, padLeft: padInfo.left, outHeight, outWidth };
  return { ...place, epsilon, activation, residual, inputGradient };
}

/** What tfjs's engine has and does not declare: puts a tensor under the scope that is open. */
interface Scopes {
  track(tensor: tf.Tensor): tf.Tensor;
}

/**
 * The MBConv as one native kernel with one gradient kernel: `y`, then the statistics in the order of `asOutput`.
 *
 * A custom gradient rather than a registered one: what is kept for the backward pass is then no output on the tape, which would be
 * given a gradient of zeros. It is one tensor, which holds x and the weights: a clone and a node on the tape for each of them take
 * some per cent of the time where layers are small.
 */
export function mbconvNative(x: tf.Tensor4D, weights: MBConvWeights, options: MBConvOptions): tf.Tensor[] {
  const attributes = mbconvNumbers(x, weights, options);
  const inputs: tf.NamedTensorMap = { x, ...namedWeights(weights) };
  if (!recording()) return runKernels("MBConvTraining", inputs, { ...attributes, keep: false });
  const then = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, asNow(tensor)]));
  let statistics: tf.Tensor[] = [];

  const op = tf.customGrad((...args) => {
    const save = args[args.length - 1] as unknown as tf.GradSaveFunc;
    const [value, ...others] = runKernels("MBConvTraining", inputs, { ...attributes, keep: true });
    save([others[others.length - 1]]);
    // They outlive this scope.
    statistics = others.slice(0, -1).map((statistic) => tf.keep(statistic));
    return {
      value,
      gradFunc: (dy: tf.Tensor, [kept]: tf.Tensor[]) =>
        runKernels("MBConvTrainingGrad", { ...then, kept, dy }, attributes),
    };
  });
  const y = op(...Object.values(inputs));
  for (const statistic of statistics) {
    statistic.kept = false;
    (tf.engine() as unknown as Scopes).track(statistic);
  }
  return [y, ...statistics];
}

/** A tensor with its values of now: those of a variable may be others by the time of the backward pass. */
function asNow({ id, dataId, shape, dtype }: tf.Tensor): tf.Tensor {
  return { id, dataId, shape, dtype } as tf.Tensor;
}
