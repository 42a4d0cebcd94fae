import { conv, roundChannels } from "../layers";
import { mbconv, placeOp } from "../ops";
import type { Architecture, MBConvLayer, MBConvOp } from "../types";

/** A stage of equal MBConv layers; the first carries the stride. */
export interface StageSpec {
  readonly expansion: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly channels: number;
  readonly layers: number;
}

/** `[expansion, kernel, stride, channels, layers]` of a stage, as papers print it. */
export function stage(
  expansion: number,
  kernelSize: number,
  stride: number,
  channels: number,
  layers: number,
): StageSpec {
  return { expansion, kernelSize, stride, channels, layers };
}

export function stageLayers(
  { expansion, kernelSize, stride, channels, layers }: StageSpec,
  options: Partial<Pick<MBConvOp, "seRatio" | "activation">> = {},
): MBConvLayer[] {
  const [op] = mbconv([kernelSize], [expansion], options);
  return Array.from({ length: layers }, (_, i) => placeOp(op, channels, i === 0 ? stride : 1));
}

/** EfficientNet-B0's stages (Tan and Le, ICML 2019, table 1). */
const B0_STAGES: readonly StageSpec[] = [
  stage(1, 3, 1, 16, 1),
  stage(6, 3, 2, 24, 2),
  stage(6, 5, 2, 40, 2),
  stage(6, 3, 2, 80, 3),
  stage(6, 5, 1, 112, 3),
  stage(6, 5, 2, 192, 4),
  stage(6, 3, 1, 320, 1),
];

/** Width and depth factors, resolution and dropout of B0 to B7. */
const SCALINGS = [
  [1.0, 1.0, 224, 0.2],
  [1.0, 1.1, 240, 0.2],
  [1.1, 1.2, 260, 0.3],
  [1.2, 1.4, 300, 0.3],
  [1.4, 1.8, 380, 0.4],
  [1.6, 2.2, 456, 0.4],
  [1.8, 2.6, 528, 0.5],
  [2.0, 3.1, 600, 0.5],
] as const;

/** EfficientNet-B0 to B7 for ImageNet at their own resolutions; parameters as in torchvision. */
export function efficientNets(): Architecture[] {
  return SCALINGS.map(([width, depth, resolution, dropout], scale) => ({
    name: `efficientnet_b${scale}`,
    input: { height: resolution, width: resolution, channels: 3 },
    stem: [conv(3, roundChannels(32 * width), { stride: 2 })],
    blocks: B0_STAGES.map((spec) =>
      stageLayers({
        ...spec,
        channels: roundChannels(spec.channels * width),
        layers: Math.ceil(spec.layers * depth),
      }),
    ),
    head: [conv(1, 4 * roundChannels(320 * width))],
    classes: 1000,
    padding: "symmetric",
    batchNormEpsilon: scale < 5 ? 1e-5 : 1e-3,
    dropout,
    dropConnect: 0.2,
  }));
}
