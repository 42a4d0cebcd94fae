import { conv } from "../layers";
import type { Architecture, ResidualLayer } from "../types";

/** Design, blocks of each stage. */
const DESIGNS = {
  resnet18: ["basic", [2, 2, 2, 2]],
  resnet34: ["basic", [3, 4, 6, 3]],
  resnet50: ["bottleneck", [3, 4, 6, 3]],
} as const;
const WIDTHS = [64, 128, 256, 512] as const;
/** Output channels of a bottleneck by its inner ones. */
const EXPANSION = 4;

/** ResNet-18, ResNet-34 and ResNet-50 for ImageNet (He et al., CVPR 2016), stride on the 3x3 convolution; parameters as in torchvision. */
export function resNets(): Architecture[] {
  return Object.entries(DESIGNS).map(([name, [design, depths]]) => ({
    name,
    input: { height: 224, width: 224, channels: 3 },
    stem: [conv(7, 64, { stride: 2, activation: "relu" }), { kind: "maxpool", kernelSize: 3, stride: 2 }],
    blocks: depths.map((depth, stage) =>
      Array.from({ length: depth }, (_, i): ResidualLayer => {
        const innerChannels = WIDTHS[stage];
        const outChannels = design === "basic" ? innerChannels : EXPANSION * innerChannels;
        const stride = stage > 0 && i === 0 ? 2 : 1;
        return { kind: "residual", design, kernelSize: 3, stride, innerChannels, outChannels, activation: "relu" };
      }),
    ),
    head: [],
    classes: 1000,
    padding: "symmetric",
    batchNormEpsilon: 1e-5,
  }));
}
