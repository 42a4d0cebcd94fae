import { conv, roundChannels } from "../layers";
import type { Activation, Architecture, ConvLayer, MBConvLayer } from "../types";
import { stage, stageLayers } from "./efficientnet";

const INPUT = { height: 224, width: 224, channels: 3 } as const;

/** MobileNetV2's stages (Sandler et al., CVPR 2018, table 2). */
const V2_STAGES = [
  stage(1, 3, 1, 16, 1),
  stage(6, 3, 2, 24, 2),
  stage(6, 3, 2, 32, 3),
  stage(6, 3, 2, 64, 4),
  stage(6, 3, 1, 96, 3),
  stage(6, 3, 2, 160, 3),
  stage(6, 3, 1, 320, 1),
];

function mobileNetV2(): Architecture {
  return {
    name: "mobilenet_v2",
    input: INPUT,
    stem: [conv(3, 32, { stride: 2, activation: "relu6" })],
    blocks: V2_STAGES.map((spec) => stageLayers(spec, { seRatio: 0, activation: "relu6" })),
    head: [conv(1, 1280, { activation: "relu6" })],
    classes: 1000,
    padding: "symmetric",
    batchNormEpsilon: 1e-5,
    dropout: 0.2,
  };
}

/** A layer of MobileNetV3's tables: kernel, expansion, channels, whether with squeeze-excite, activation, stride. */
type V3Row = readonly [number, number, number, boolean, Activation, number];

/** Tables 1 and 2 of Howard et al., "Searching for MobileNetV3", ICCV 2019; stages end where timm's do. */
const V3_LARGE: readonly (readonly V3Row[])[] = [
  [[3, 1, 16, false, "relu", 1]],
  [
    [3, 4, 24, false, "relu", 2],
    [3, 3, 24, false, "relu", 1],
  ],
  [
    [5, 3, 40, true, "relu", 2],
    [5, 3, 40, true, "relu", 1],
    [5, 3, 40, true, "relu", 1],
  ],
  [
    [3, 6, 80, false, "hardswish", 2],
    [3, 2.5, 80, false, "hardswish", 1],
    [3, 2.3, 80, false, "hardswish", 1],
    [3, 2.3, 80, false, "hardswish", 1],
  ],
  [
    [3, 6, 112, true, "hardswish", 1],
    [3, 6, 112, true, "hardswish", 1],
  ],
  [
    [5, 6, 160, true, "hardswish", 2],
    [5, 6, 160, true, "hardswish", 1],
    [5, 6, 160, true, "hardswish", 1],
  ],
];

const V3_SMALL: readonly (readonly V3Row[])[] = [
  [[3, 1, 16, true, "relu", 2]],
  [
    [3, 4.5, 24, false, "relu", 2],
    [3, 3.67, 24, false, "relu", 1],
  ],
  [
    [5, 4, 40, true, "hardswish", 2],
    [5, 6, 40, true, "hardswish", 1],
    [5, 6, 40, true, "hardswish", 1],
  ],
  [
    [5, 3, 48, true, "hardswish", 1],
    [5, 3, 48, true, "hardswish", 1],
  ],
  [
    [5, 6, 96, true, "hardswish", 2],
    [5, 6, 96, true, "hardswish", 1],
    [5, 6, 96, true, "hardswish", 1],
  ],
];

function v3Layer([kernelSize, expansion, outChannels, gated, activation, stride]: V3Row): MBConvLayer {
  const seRatio = gated ? 0.25 : 0;
  const layer = { kind: "mbconv", kernelSize, stride, expansion, outChannels, seRatio, activation } as const;
  return gated ? { ...layer, seDesign: "mobilenetv3" } : layer;
}

function mobileNetV3(name: string, stages: readonly (readonly V3Row[])[], hiddenFeatures: number): Architecture {
  const blocks = stages.map((rows) => rows.map(v3Layer));
  const { outChannels } = blocks[blocks.length - 1][0];
  const head: ConvLayer = conv(1, roundChannels(6 * outChannels), { activation: "hardswish" });
  return {
    name,
    input: INPUT,
    stem: [conv(3, 16, { stride: 2, activation: "hardswish" })],
    blocks,
    head: [head],
    hidden: { features: hiddenFeatures, activation: "hardswish" },
    classes: 1000,
    padding: "symmetric",
    batchNormEpsilon: 1e-3,
    dropout: 0.2,
  };
}

/** MobileNetV2 and MobileNetV3 for ImageNet; parameters, padding and epsilon as in torchvision. */
export function mobileNets(): Architecture[] {
  return [
    mobileNetV2(),
    mobileNetV3("mobilenet_v3_large", V3_LARGE, 1280),
    mobileNetV3("mobilenet_v3_small", V3_SMALL, 1024),
  ];
}
