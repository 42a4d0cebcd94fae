import * as tf from "@tensorflow/tfjs";

/**
 * Gradients of dilated convolutions: tfjs-core computes dilated convolutions but refuses their derivatives. Registered over
 * tfjs-core's own, which still serve where nothing is dilated.
 *
 * The native engine's gradient kernels know dilations. Other engines' do not: for them the filter is spread out with zeros
 * between its taps, which is the same convolution without dilation, and of its gradient the taps are taken.
 *
 * A stride above 1 together with a dilation is refused by tfjs-core's convolutions themselves.
 */

/** A convolution as its gradients need it; numbers by spatial axis. */
interface Convolution {
  readonly toInput: string;
  readonly toFilter: string;
  readonly axes: number;
}

interface Attributes extends Record<string, unknown> {
  readonly dilations?: number | readonly number[] | null;
}

type Gradient = (
  dy: tf.Tensor | tf.Tensor[],
  saved: tf.Tensor[],
  attrs: tf.NamedAttrMap,
) => Record<string, () => tf.Tensor>;

const CONVOLUTIONS: Readonly<Record<string, Convolution>> = {
  [tf.Conv2D]: { toInput: tf.Conv2DBackpropInput, toFilter: tf.Conv2DBackpropFilter, axes: 2 },
  [tf.DepthwiseConv2dNative]: {
    toInput: tf.DepthwiseConv2dNativeBackpropInput,
    toFilter: tf.DepthwiseConv2dNativeBackpropFilter,
    axes: 2,
  },
  [tf.Conv3D]: { toInput: tf.Conv3DBackpropInputV2, toFilter: tf.Conv3DBackpropFilterV2, axes: 3 },
};

function dilationsOf({ dilations }: Attributes, axes: number): number[] {
  // Layers give null for none.
  const given = dilations ?? 1;
  return typeof given === "number" ? new Array(axes).fill(given) : [...given];
}

function isDilated(attrs: Attributes, axes: number): boolean {
  return dilationsOf(attrs, axes).some((rate) => rate !== 1);
}

function run(kernel: string, inputs: Record<string, tf.Tensor>, attrs: object): tf.Tensor {
  return tf.engine().runKernel(kernel, inputs, attrs as unknown as tf.NamedAttrMap);
}

/** Whether the engine's gradient kernels know dilations. */
function knowsDilations(): boolean {
  return tf.getBackend() === "native";
}

/** A filter `[...kernel, in, out]` with `rate - 1` zeros between its taps. */
function spread(filter: tf.Tensor, rates: readonly number[]): tf.Tensor {
  return rates.reduce((wide: tf.Tensor, rate, axis) => {
    if (rate === 1) return wide;
    const size = wide.shape[axis];
    const [before, after] = [wide.shape.slice(0, axis), wide.shape.slice(axis + 1)].map(tf.util.sizeFromShape);
    const apart = tf.pad(tf.reshape(wide, [before, size, 1, after]), [
      [0, 0],
      [0, 0],
      [0, rate - 1],
      [0, 0],
    ]);
    const long = tf.reshape(apart, [before, size * rate, after]);
    const cut = tf.slice(long, [0, 0, 0], [before, (size - 1) * rate + 1, after]);
    return tf.reshape(
      cut,
      wide.shape.map((length, i) => (i === axis ? (length - 1) * rate + 1 : length)),
    );
  }, filter);
}

/** The taps of a spread filter: what {@link spread} took, back. */
function taps(wide: tf.Tensor, rates: readonly number[]): tf.Tensor {
  return rates.reduce((filter: tf.Tensor, rate, axis) => {
    if (rate === 1) return filter;
    const size = (filter.shape[axis] - 1) / rate + 1;
    return tf.gather(filter, tf.range(0, size * rate, rate, "int32"), axis);
  }, wide);
}

function spreadShape(shape: readonly number[], rates: readonly number[]): number[] {
  return shape.map((size, axis) => (axis < rates.length ? (size - 1) * rates[axis] + 1 : size));
}

/** dL/dx of a dilated convolution. */
function toInput(
  { toInput: kernel, axes }: Convolution,
  x: tf.Tensor,
  filter: tf.Tensor,
  dy: tf.Tensor,
  attrs: Attributes,
) {
  if (knowsDilations()) return run(kernel, { dy, filter }, { ...attrs, inputShape: x.shape });
  const rates = dilationsOf(attrs, axes);
  const undilated = { ...attrs, dilations: rates.map(() => 1), inputShape: x.shape };
  return run(kernel, { dy, filter: spread(filter, rates) }, undilated);
}

/** dL/dfilter of a dilated convolution. */
function toFilter(
  { toFilter: kernel, axes }: Convolution,
  x: tf.Tensor,
  shape: number[],
  dy: tf.Tensor,
  attrs: Attributes,
) {
  if (knowsDilations()) return run(kernel, { x, dy }, { ...attrs, filterShape: shape });
  const rates = dilationsOf(attrs, axes);
  const undilated = { ...attrs, dilations: rates.map(() => 1), filterShape: spreadShape(shape, rates) };
  return taps(run(kernel, { x, dy }, undilated), rates);
}

/** Puts a gradient over tfjs-core's own for dilated convolutions. */
function override(kernelName: string, axes: number, inputsToSave: string[], dilated: Gradient): void {
  const own = tf.getGradient(kernelName)?.gradFunc as Gradient | undefined;
  if (!own) return;
  tf.registerGradient({
    kernelName,
    inputsToSave,
    gradFunc: (dy, saved, attrs) => (isDilated(attrs, axes) ? dilated : own)(dy, saved, attrs),
  });
}

/**
 * tfjs-core's fused convolutions refuse a dilation under a gradient by themselves; there the convolution, the bias and the
 * activation run one after another, as tfjs-core does where it cannot fuse.
 */
function unfuseUnderGradient(): void {
  const fused = tf.fused as {
    conv2d: typeof tf.fused.conv2d;
    depthwiseConv2d: typeof tf.fused.depthwiseConv2d;
  };
  // Bundled as an ES module the functions cannot be replaced; there tfjs-core goes on refusing.
  if (!Object.getOwnPropertyDescriptor(fused, "conv2d")?.writable) return;
  const { conv2d, depthwiseConv2d } = fused;
  type Options = Parameters<typeof conv2d>[0];
  const isDifferentiated = (options: Options) =>
    tf.engine().state.gradientDepth > 0 &&
    (options.activation ?? "linear") === "linear" &&
    isDilated({ dilations: options.dilations as Attributes["dilations"] }, 2);
  const biased = (y: tf.Tensor, { bias }: Options) => (bias === undefined || bias === null ? y : tf.add(y, bias));
  fused.conv2d = ((options: Options) => {
    if (!isDifferentiated(options)) return conv2d(options);
    const { x, filter, strides, pad, dataFormat, dilations, dimRoundingMode } = options;
    return biased(tf.conv2d(x as tf.Tensor4D, filter, strides, pad, dataFormat, dilations, dimRoundingMode), options);
  }) as typeof conv2d;
  fused.depthwiseConv2d = ((options: Parameters<typeof depthwiseConv2d>[0]) => {
    if (!isDifferentiated(options)) return depthwiseConv2d(options);
    const { x, filter, strides, pad, dataFormat, dilations, dimRoundingMode } = options;
    const y = tf.depthwiseConv2d(x as tf.Tensor4D, filter, strides, pad, dataFormat, dilations, dimRoundingMode);
    return biased(y, options);
  }) as typeof depthwiseConv2d;
}

/** Makes dilated convolutions differentiable; once, when TensorFlow.js is loaded. */
export function registerDilatedGradients(): void {
  for (const [kernelName, convolution] of Object.entries(CONVOLUTIONS)) {
    override(kernelName, convolution.axes, ["x", "filter"], (dy, [x, filter], attrs) => ({
      x: () => toInput(convolution, x, filter, dy as tf.Tensor, attrs),
      filter: () => toFilter(convolution, x, filter.shape, dy as tf.Tensor, attrs),
    }));
  }
  // The derivative of a derivative: tfjs-core has it for the input of two-dimensional convolutions.
  const convolution = CONVOLUTIONS[tf.Conv2D];
  override(tf.Conv2DBackpropInput, 2, ["dy", "filter"], (ddx, [dy, filter], attrs) => ({
    dy: () => run(tf.Conv2D, { x: ddx as tf.Tensor, filter }, attrs),
    filter: () => toFilter(convolution, ddx as tf.Tensor, filter.shape, dy, attrs),
  }));
  unfuseUnderGradient();
}
