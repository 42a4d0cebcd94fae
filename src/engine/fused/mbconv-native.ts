import * as tf from "@tensorflow/tfjs";
import { MBCONV_KEPT } from "../native/kernels/fused-mbconv";
import { runKernels } from "./dispatch";
import type { MBConvOptions, MBConvWeights } from "./types";

/** The first of what the kernel keeps are statistics: of depthwise, project and expand. */
const STATISTICS = 6;

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

/**
 * The MBConv as one native kernel with one gradient kernel: `y`, then the statistics in the order of `asOutput`.
 *
 * A custom gradient rather than a registered one: the large tensors that are kept for the backward pass are then no
 * outputs on the tape, which would be given gradients of zeros.
 */
export function mbconvNative(x: tf.Tensor4D, weights: MBConvWeights, options: MBConvOptions): tf.Tensor[] {
  const attributes = mbconvNumbers(x, weights, options);
  const named = namedWeights(weights);
  const names = Object.keys(named);
  const values = Object.values(named);
  const statistics: tf.Tensor[] = [];

  const op = tf.customGrad((...args) => {
    const [input, ...rest] = args.slice(0, -1) as tf.Tensor[];
    const save = args[args.length - 1] as unknown as tf.GradSaveFunc;
    const inputs = Object.fromEntries(names.map((name, i) => [name, rest[i]]));
    const [value, ...kept] = runKernels("MBConvTraining", { x: input, ...inputs }, attributes);
    save([input, ...rest, ...kept]);
    // They outlive this scope; the caller puts them under its own.
    for (const statistic of kept.slice(0, STATISTICS)) statistics.push(tf.keep(statistic));
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x0, ...others] = saved;
        const again = Object.fromEntries([...names, ...MBCONV_KEPT].map((name, i) => [name, others[i]]));
        return runKernels("MBConvTrainingGrad", { x: x0, ...again, dy }, attributes);
      },
    };
  });
  const y = op(x, ...values);
  const used = weights.expand ? STATISTICS : STATISTICS - 2;
  const released = statistics.slice(0, used).map((kept) => kept.clone());
  tf.dispose(statistics);
  return [y, ...released];
}
