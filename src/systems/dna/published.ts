import { networkCost } from "../../cost";
import { architecturePreset } from "../../space";
import type { PublishedNetwork } from "../../viz";

/** What the README of the released DNA code prints of a network; EfficientNet-B0 beside it as the paper has it. */
interface Printed {
  readonly name: string;
  /** Parameters and FLOPs, millions. */
  readonly params: number;
  readonly flops: number;
  /** ImageNet accuracies, %. */
  readonly top1: number;
  readonly top5: number;
}

const PRINTED: readonly Printed[] = [
  { name: "dna-a", params: 4.2, flops: 348, top1: 77.1, top5: 93.3 },
  { name: "dna-b", params: 4.9, flops: 394, top1: 77.5, top5: 93.3 },
  { name: "dna-c", params: 5.3, flops: 466, top1: 77.8, top5: 93.7 },
  { name: "dna-d", params: 6.4, flops: 611, top1: 78.4, top5: 94.0 },
  { name: "efficientnet_b0", params: 5.3, flops: 399, top1: 76.3, top5: 93.2 },
];

/** A published network: what its authors print beside what is counted here. */
export interface PublishedCost {
  readonly name: string;
  /** Exact. */
  readonly params: number;
  /** The papers' counter: MACs + 2 for each element that enters a batch norm + 1 for each that enters the last pooling. */
  readonly flops: number;
  /** Multiply-adds of convolutions and linear layers alone. */
  readonly macs: number;
  readonly published: Omit<Printed, "name">;
  /** Whether the printed figures are the counted ones, rounded. */
  readonly agrees: { readonly params: boolean; readonly flops: boolean };
  /** Which count the printed FLOPs are nearer to. */
  readonly nearest: "flops" | "macs";
}

/** Counted costs of DNA-a to DNA-d and EfficientNet-B0 beside the published figures (papers: Li et al., CVPR 2020). */
export function publishedCosts(): PublishedCost[] {
  return PRINTED.map(({ name, ...published }) => {
    const { params, flops, macs } = networkCost(architecturePreset(name));
    const distance = (count: number) => Math.abs(count / 1e6 - published.flops);
    return {
      name,
      params,
      flops,
      macs,
      published,
      agrees: {
        params: (params / 1e6).toFixed(1) === published.params.toFixed(1),
        flops: Math.round(flops / 1e6) === published.flops,
      },
      nearest: distance(flops) <= distance(macs) ? "flops" : "macs",
    };
  });
}

/** Why DNA-b's printed FLOPs are not the counted ones. */
export const DNA_B_MISMATCH =
  "DNA-b is printed with 394M FLOPs but counts 405.8M by the papers' counter, which gives the printed figures of all the " +
  "others; BossNAS's table quotes it with 406M. The printed 394M lies 0.4 % from its plain multiply-adds (392.5M), so that " +
  "row was probably counted another way.";

/** ImageNet networks of mobile size as BossNAS's table quotes them (Li et al., ICCV 2021): FLOPs in millions, top-1 in %. */
const QUOTED: readonly { readonly name: string; readonly flops: number; readonly top1: number }[] = [
  { name: "MobileNetV3", flops: 219, top1: 75.2 },
  { name: "FairNAS-A", flops: 388, top1: 75.3 },
  { name: "MnasNet-A3", flops: 403, top1: 76.7 },
  { name: "ProxylessNAS", flops: 465, top1: 75.1 },
  { name: "SPOS", flops: 472, top1: 74.8 },
];

const DISPLAY_NAMES: Readonly<Record<string, string>> = {
  "dna-a": "DNA-a",
  "dna-b": "DNA-b",
  "dna-c": "DNA-c",
  "dna-d": "DNA-d",
  efficientnet_b0: "EfficientNet-B0",
};

/** Published networks of mobile size on ImageNet, with FLOPs and top-1 as printed: for a figure of their own. */
export function publishedImageNet(): PublishedNetwork[] {
  const place = (name: string, flops: number, top1: number, source: string): PublishedNetwork => ({
    dataset: "ImageNet",
    label: name,
    macs: flops * 1e6,
    accuracy: top1 / 100,
    source,
  });
  return [
    ...PRINTED.map(({ name, flops, top1 }) => place(DISPLAY_NAMES[name], flops, top1, "README of DNA's code")),
    ...QUOTED.map(({ name, flops, top1 }) => place(name, flops, top1, "quoted by BossNAS")),
  ];
}
