import { describe, expect, it } from "vitest";
import { readBenchmark } from "../../src/benchmark/tables";
import { layerCost, networkCost } from "../../src/cost";
import {
  architecturePreset,
  dnaNetworks,
  efficientNets,
  mbconv,
  nasBenchMacro,
  nasBenchMacroKeys,
  placeOp,
  squeezeWidth,
} from "../../src/space";
import golden from "../golden/torchvision-params.json";

const ops = mbconv([3, 5, 7], [6, 3]);
const first = (inChannels: number, outChannels: number, size: number, stride: number) =>
  ops.map((op) => layerCost(placeOp(op, outChannels, stride), { height: size, width: size, channels: inChannels }));

describe("a layer's cost (golden: lookup table of the released DNA script, papers/dna.md 5.4)", () => {
  // [in, out, input size, stride]: thousands of FLOPs of e6k3, e6k5, e6k7, e3k3, e3k5, e3k7
  const FLOPS: [number, number, number, number, number[]][] = [
    [16, 24, 112, 2, [32364, 37181, 44407, 16257, 18666, 22279]],
    [24, 24, 56, 1, [27699, 34924, 45762, 13925, 17537, 22956]],
    [32, 40, 56, 2, [28215, 30623, 34236, 14139, 15343, 17149]],
    [40, 40, 28, 1, [17567, 20577, 25093, 8815, 10320, 12578]],
    [40, 80, 28, 2, [12220, 12972, 14101, 6126, 6502, 7066]],
    [80, 80, 14, 1, [16327, 17832, 20090, 8179, 8932, 10061]],
    [80, 96, 14, 1, [17838, 19344, 21602, 8938, 9691, 10820]],
    [96, 96, 14, 1, [23210, 25016, 27725, 11624, 12527, 13882]],
    [96, 160, 14, 2, [15934, 16386, 17063, 7975, 8201, 8539]],
    [192, 192, 7, 1, [22540, 23444, 24798, 11280, 11731, 12409]],
    [192, 320, 7, 1, [29778, 30682, 32036, 14905, 15356, 16034]],
  ];
  it.each(FLOPS)("FLOPs %i->%i at %i, stride %i", (inChannels, outChannels, size, stride, expected) => {
    // The script's table also counts the two biases of squeeze-excite; the published totals do not (below).
    const costs = first(inChannels, outChannels, size, stride);
    const thousands = costs.map(({ flops }, i) => {
      const biases = ops[i].expansion * inChannels + squeezeWidth(ops[i], inChannels);
      return Math.round((flops + biases) / 1000);
    });
    expect(thousands).toEqual(expected);
  });

  // Recounted rows of papers/dna.md for widths that the script's table mixes up: no biases.
  it.each<[number, number, number, number, number[]]>([
    [24, 40, 56, 2, [17563, 19370, 22079, 8813, 9716, 11071]],
    [80, 112, 14, 1, [19350, 20855, 23113, 9697, 10449, 11578]],
    [112, 112, 14, 1, [31297, 33405, 36566, 15671, 16724, 18305]],
  ])("FLOPs without biases %i->%i at %i, stride %i", (inChannels, outChannels, size, stride, expected) => {
    const thousands = first(inChannels, outChannels, size, stride).map(({ flops }) => Math.round(flops / 1000));
    expect(thousands).toEqual(expected);
  });

  const PARAMS: [number, number, number[]][] = [
    [16, 24, [6004, 7540, 9844, 3028, 3796, 4948]],
    [24, 24, [10710, 13014, 16470, 5382, 6534, 8262]],
    [24, 40, [13046, 15350, 18806, 6566, 7718, 9446]],
    [40, 40, [27450, 31290, 37050, 13770, 15690, 18570]],
    [40, 80, [37130, 40970, 46730, 18650, 20570, 23450]],
    [80, 80, [102900, 110580, 122100, 51540, 55380, 61140]],
    [80, 112, [118324, 126004, 137524, 59284, 63124, 68884]],
    [112, 112, [197820, 208572, 224700, 99036, 104412, 112476]],
    [112, 192, [251740, 262492, 278620, 126076, 131452, 139516]],
    [192, 192, [569520, 587952, 615600, 284976, 294192, 308016]],
    [192, 320, [717232, 735664, 763312, 358960, 368176, 382000]],
  ];
  it.each(PARAMS)("params %i->%i", (inChannels, outChannels, expected) => {
    expect(first(inChannels, outChannels, 7, 1).map(({ params }) => params)).toEqual(expected);
  });
});

describe("a network's cost", () => {
  const published = (name: string) => networkCost([...dnaNetworks(), ...efficientNets()].find((n) => n.name === name)!);

  // params exact; FLOPs in hundredths of a million; MACs likewise (papers/dna.md 6.1)
  it.each([
    ["dna-a", 4243318, 348.15, 335.14],
    ["dna-b", 4918180, 405.78, 392.49],
    ["dna-c", 5273896, 465.91, 450.14],
    ["dna-d", 6409486, 611.19, 592.84],
    ["efficientnet_b0", 5288548, 399.35, 385.81],
  ])("is the published one of %s", (name, params, flops, macs) => {
    const cost = published(name);
    expect(cost.params).toBe(params);
    expect(cost.flops / 1e6).toBeCloseTo(flops, 2);
    expect(cost.macs / 1e6).toBeCloseTo(macs, 2);
  });

  it.each(Object.entries(golden.params))("has torchvision's parameters: %s", (name, params) => {
    expect(networkCost(architecturePreset(name)).params).toBe(params);
  });

  // torchvision 0.14 counts 1.814 and 4.089 billion multiply-adds (its documentation: GFLOPS 1.81 and 4.09).
  it.each([
    ["resnet18", 1.81],
    ["resnet50", 4.09],
  ])("has torchvision's multiply-adds: %s", (name, billions) => {
    expect(networkCost(architecturePreset(name)).macs / 1e9).toBeCloseTo(billions, 2);
  });

  it("has the fixed parts of the released script: stem, head, pool, classifier in thousands of FLOPs", () => {
    const { layers } = published("dna-a");
    const thousands = (...names: string[]) =>
      Math.round(layers.filter(({ name }) => names.includes(name)).reduce((sum, { flops }) => sum + flops, 0) / 1000);
    expect(thousands("stem.0", "stem.1")).toBe(22881);
    expect([thousands("head.0"), thousands("pool"), thousands("classifier")]).toEqual([20196, 63, 1280]);
  });

  it("is the sum of its layers, each fed with the shape before", () => {
    const cost = published("dna-c");
    for (const quantity of ["params", "macs", "flops", "activationBytes"] as const) {
      expect(cost.layers.reduce((sum, layer) => sum + layer[quantity], 0)).toBe(cost[quantity]);
    }
    cost.layers.slice(1).forEach((layer, i) => {
      expect(layer.input).toEqual(cost.layers[i].output);
    });
  });

  it("grows with the input, its parameters do not", () => {
    const [b0] = efficientNets();
    const small = networkCost(b0, { height: 112, width: 112, channels: 3 });
    const large = networkCost(b0);
    expect(small.params).toBe(large.params);
    // Convolutions grow fourfold, squeeze-excite and classifier not at all.
    expect(large.layers[0].macs / small.layers[0].macs).toBe(4);
    expect(large.layers.at(-1)!.macs).toBe(small.layers.at(-1)!.macs);
  });

  it("counts activation bytes as float32 outputs of convolutions", () => {
    const cost = networkCost(nasBenchMacro("00000000"));
    const elements = 32 * 32 * 32 + 16 * 16 * 64 + 8 * 8 * 128 + 4 * 4 * 256 + 4 * 4 * 1280 + 10;
    expect(cost.activationBytes).toBe(4 * elements);
  });
});

describe("NAS-Bench-Macro", () => {
  it("all identities: 387,882 parameters and 7,713,280 MACs", () => {
    const { params, macs } = networkCost(nasBenchMacro("00000000"));
    expect([params, macs]).toEqual([387_882, 7_713_280]);
  });

  it("params and MACs of all 6,561 networks are the table's", () => {
    const table = readBenchmark("nas-bench-macro") as Record<string, { params: number; flops: number }>;
    const keys = nasBenchMacroKeys();
    expect(keys).toHaveLength(6561);
    const wrong = keys.filter((key) => {
      const { params, macs } = networkCost(nasBenchMacro(key));
      return params !== table[key].params || macs !== table[key].flops;
    });
    expect(wrong).toEqual([]);
  });
});
