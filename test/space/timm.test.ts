import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpaceError } from "../../src/core";
import { networkCost } from "../../src/cost";
import {
  architectureFromTimm,
  architecturePreset,
  decodeTimm,
  decodeTimmBlock,
  encodeTimm,
  expandedChannels,
  formatTimm,
  type Layer,
  type MBConvLayer,
  parseTimm,
  timmStages,
} from "../../src/space";

const common = {
  kernelSize: fc.constantFrom(1, 3, 5, 7),
  stride: fc.constantFrom(1, 2),
  outChannels: fc.integer({ min: 1, max: 640 }),
  activation: fc.constantFrom("silu" as const, "relu" as const, "relu6" as const, "hardswish" as const),
};
const layers: fc.Arbitrary<Layer> = fc.oneof(
  fc.record({ kind: fc.constant("conv" as const), ...common }),
  fc
    .record({
      kind: fc.constant("mbconv" as const),
      ...common,
      expansion: fc.oneof(fc.constantFrom(1, 2, 2.5, 3, 3.67, 4, 6), fc.double({ min: 1, max: 16, noNaN: true })),
      seRatio: fc.oneof(fc.constantFrom(0, 0.25, 0.5, 0.0625, 1), fc.double({ min: 1e-9, max: 1, noNaN: true })),
      noskip: fc.boolean(),
    })
    .map(({ noskip, ...layer }) => (noskip ? { ...layer, residual: false } : layer)),
);
// Repeated layers are what a repeat count is for.
const runs = fc.tuple(layers, fc.integer({ min: 1, max: 4 })).map(([layer, repeats]) => {
  return Array.from({ length: repeats }, (_, i) => (i === 0 ? layer : { ...layer, stride: 1 }));
});
const stages = fc.array(
  fc.array(runs, { minLength: 1, maxLength: 3 }).map((many) => many.flat()),
  { maxLength: 5 },
);

describe("timm's block strings", () => {
  it("give back the layers they were written from", () => {
    fc.assert(
      fc.property(stages, (written) => {
        expect(decodeTimm(encodeTimm(written))).toEqual(written);
      }),
    );
  });

  it("survive as text and as JSON", () => {
    fc.assert(
      fc.property(stages, (written) => {
        fc.pre(written.length > 0);
        const strings = encodeTimm(written);
        expect(parseTimm(formatTimm(strings))).toEqual(strings);
        expect(parseTimm(JSON.stringify(strings))).toEqual(strings);
      }),
    );
  });

  it("read a stage: the first layer strides, repeats do not", () => {
    const [first, second] = decodeTimmBlock("ir_r2_k3_s2_e6_c24_se0.25");
    expect(first).toEqual({
      kind: "mbconv",
      kernelSize: 3,
      stride: 2,
      expansion: 6,
      outChannels: 24,
      seRatio: 0.25,
      activation: "silu",
    });
    expect(second).toEqual({ ...first, stride: 1 });
  });

  it("read fractional expansions and hard swish, as MobileNetV3 has them: inner channels are a multiple of 8", () => {
    const [layer] = decodeTimmBlock("ir_r1_k3_s1_e2.3_c80_nhs");
    expect(layer).toMatchObject({ expansion: 2.3, activation: "hardswish" });
    expect(expandedChannels(layer as MBConvLayer, 80)).toBe(184);
    expect(expandedChannels({ expansion: 3.67 }, 24)).toBe(88);
    expect(expandedChannels({ expansion: 3 }, 10)).toBe(30);
  });

  it("read tokens in any order, and activations", () => {
    expect(decodeTimmBlock("ir_c24_e6_s2_k3_nre_r1")).toEqual(decodeTimmBlock("ir_r1_k3_s2_e6_c24_nre"));
    expect(decodeTimmBlock("cn_r1_k1_s1_c960_nr6")).toEqual([
      { kind: "conv", kernelSize: 1, stride: 1, outChannels: 960, activation: "relu6" },
    ]);
    expect(decodeTimmBlock("ds_r1_k3_s1_c16_noskip")[0]).toMatchObject({ expansion: 1, residual: false });
  });

  it.each([
    ["ir_r1_k3_s1_e6_c24_q3", /unknown token "q3"/],
    ["ir_r1_k3_s1_e6_c24_nmi", /unknown token "nmi"/],
    ["ir_r1_k3_s2_e0.5_c80", /malformed number in "e0.5": e is the expansion, a number from 1/],
    ["cn_r1_k3_s2_c16_nmi", /"cn" block may have r .*, one of nsw \(silu\), nre \(relu\), nr6 \(relu6\)/],
    ["ir_r1_k3_s2_e6_c16_d2", /"ir" block may have .*se \(squeeze-excite ratio.*and noskip/],
    ["er_r1_k3_s1_e6_c24", /\(er, dsa, uir, mqa, \.\.\.\) are not supported/],
    ["ir_r1_k3_s1_e1_c16", /"ir" block of e1 has in timm a 1x1 convolution.*is called "ds"/],
    ["ir_r1_k3_s1_e1.0_c16", /is called "ds"/],
    ["ir_r1_k3.5.7_s1_e6_c24", /malformed number in "k3.5.7"/],
    ["ir_r1_k3_s1_e6_c24_cc4", /unknown token "cc4"/],
    ["ir_r1_k3_s1_e6_c24_nrelu", /unknown token "nrelu"/],
    ["xx_r1_k3_s1_e6_c24", /must start with ir, ds, cn, got "xx"/],
    ["er_r1_k3_s1_e6_c24", /must start with/],
    ["ir_r1_k3_s1_c24", /token "e" is missing/],
    ["ir_r1_s1_e6_c24", /token "k" is missing/],
    ["ir_r1_k3_k5_s1_e6_c24", /"k" comes twice/],
    ["ir_r1_k3.5_s1_e6_c24", /malformed number in "k3.5"/],
    ["ir_r0_k3_s1_e6_c24", /malformed number in "r0"/],
    ["ir_r1_k3_s1_e6_c24_se", /malformed number in "se"/],
    ["ir_r1_k3_s1_e6_c24_se2", /malformed number in "se2"/],
    ["ir_r1_k4_s1_e6_c24", /kernelSize must be odd/],
    ["ds_r1_k3_s1_e3_c24", /e must be 1/],
    ["cn_r1_k3_s1_e6_c24", /unknown token "e6" in a "cn" block/],
    ["cn_r1_k3_s1_c24_skip", /unknown token "skip"/],
    ["ir_r1_k3_s1_e6_c24_nre_nsw", /two activations/],
    ["ir_r1__k3_s1_e6_c24", /unknown token ""/],
    ["", /must start with/],
  ])("%s is an error", (text, message) => {
    expect(() => decodeTimmBlock(text)).toThrow(SpaceError);
    expect(() => decodeTimmBlock(text)).toThrow(message);
  });

  it("refuse what they cannot say", () => {
    const linear: Layer = { kind: "conv", kernelSize: 1, stride: 1, outChannels: 8, activation: "none" };
    expect(() => encodeTimm([[linear]])).toThrow(/no token for a convolution without activation/);
    expect(() => parseTimm("[1, 2]")).toThrow(/lists of block strings/);
    expect(() => parseTimm("[oops")).toThrow(SpaceError);
  });

  it("rebuild EfficientNet-B0 and DNA-c at equal cost", () => {
    for (const name of ["efficientnet_b0", "dna-c"]) {
      const network = architecturePreset(name);
      const again = networkCost(architectureFromTimm(parseTimm(formatTimm(timmStages(network)))));
      const { params, macs, flops } = networkCost(network);
      expect(again).toMatchObject({ params, macs, flops });
    }
    expect(timmStages(architecturePreset("efficientnet_b0")).flat().join(" ")).toBe(
      "ds_r1_k3_s1_e1_c16_se0.25 ir_r2_k3_s2_e6_c24_se0.25 ir_r2_k5_s2_e6_c40_se0.25 ir_r3_k3_s2_e6_c80_se0.25 " +
        "ir_r3_k5_s1_e6_c112_se0.25 ir_r4_k5_s2_e6_c192_se0.25 ir_r1_k3_s1_e6_c320_se0.25",
    );
  });
});
