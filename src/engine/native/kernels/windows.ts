import { tf } from "../../tf";

type Pad = "valid" | "same" | number | tf.backend_util.ExplicitPadding;

/** The five arguments by which native convolutions and pools know where their windows lie. */
export type WindowArguments = [
  strides: number[],
  before: number[],
  dilations: number[],
  out: number[],
  channelsFirst: boolean,
];

function windows2D(info: tf.backend_util.Conv2DInfo): WindowArguments {
  return [
    [info.strideHeight, info.strideWidth],
    [info.padInfo.top, info.padInfo.left],
    [info.dilationHeight, info.dilationWidth],
    [info.outHeight, info.outWidth],
    info.dataFormat === "channelsFirst",
  ];
}

function windows3D(info: tf.backend_util.Conv3DInfo): WindowArguments {
  return [
    [info.strideDepth, info.strideHeight, info.strideWidth],
    [info.padInfo.front, info.padInfo.top, info.padInfo.left],
    [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    [info.outDepth, info.outHeight, info.outWidth],
    info.dataFormat === "channelsFirst",
  ];
}

export interface Conv2DAttributes {
  strides: [number, number] | number;
  pad: Pad;
  dilations?: [number, number] | number;
  dataFormat?: "NHWC" | "NCHW";
  dimRoundingMode?: "floor" | "round" | "ceil";
}

/** Windows of a convolution over `[batch, height, width, channels]` (or channels first, by `dataFormat`). */
export function conv2DWindows(
  x: readonly number[],
  filter: readonly number[],
  attrs: Conv2DAttributes,
  depthwise = false,
) {
  const { strides, pad, dilations, dataFormat, dimRoundingMode } = attrs;
  return windows2D(
    tf.backend_util.computeConv2DInfo(
      x as [number, number, number, number],
      filter as [number, number, number, number],
      strides,
      dilations ?? 1,
      pad,
      dimRoundingMode,
      depthwise,
      tf.backend_util.convertConv2DDataFormat(dataFormat ?? "NHWC"),
    ),
  );
}

export interface Conv3DAttributes {
  strides: [number, number, number] | number;
  pad: "valid" | "same";
  dilations?: [number, number, number] | number;
}

/** Windows of a convolution over `[batch, depth, height, width, channels]`. */
export function conv3DWindows(
  x: readonly number[],
  filter: readonly number[],
  attrs: Conv3DAttributes,
): WindowArguments {
  type Five = [number, number, number, number, number];
  return windows3D(
    tf.backend_util.computeConv3DInfo(x as Five, filter as Five, attrs.strides, attrs.dilations ?? 1, attrs.pad),
  );
}

export interface Pool2DAttributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: Pad;
  dimRoundingMode?: "floor" | "round" | "ceil";
}

/** Kernel size and windows of a pool over `[batch, height, width, channels]`. */
export function pool2DWindows(x: readonly number[], attrs: Pool2DAttributes): [number[], ...WindowArguments] {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = x as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  return [[info.filterHeight, info.filterWidth], ...windows2D(info)];
}

export interface Pool3DAttributes {
  filterSize: [number, number, number] | number;
  strides: [number, number, number] | number;
  pad: "valid" | "same" | number;
  dimRoundingMode?: "floor" | "round" | "ceil";
  dataFormat?: "NDHWC" | "NCDHW";
}

/** Kernel size and windows of a pool over `[batch, depth, height, width, channels]`. */
export function pool3DWindows(x: readonly number[], attrs: Pool3DAttributes): [number[], ...WindowArguments] {
  const { filterSize, strides, pad, dimRoundingMode, dataFormat } = attrs;
  const shape = x as [number, number, number, number, number];
  const info = tf.backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode, dataFormat);
  return [[info.filterDepth, info.filterHeight, info.filterWidth], ...windows3D(info)];
}

/** Windows of a morphological dilation over `[batch, height, width, channels]`. */
export function dilationWindows(
  x: readonly number[],
  filter: readonly number[],
  attrs: tf.Dilation2DAttrs,
): WindowArguments {
  const { strides, pad, dilations } = attrs;
  const shape = x as [number, number, number, number];
  return windows2D(
    tf.backend_util.computeDilation2DInfo(
      shape,
      filter as [number, number, number],
      strides,
      pad as "same",
      "NHWC",
      dilations,
    ),
  );
}
