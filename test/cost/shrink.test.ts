import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { networkCost, shrinkArchitecture } from "../../src/cost";
import {
  type Architecture,
  architecturePreset,
  conv,
  depthOf,
  type Layer,
  nasBenchMacro,
  nasBenchMacroKeys,
  parseArchitecture,
  residual,
  validateArchitecture,
} from "../../src/space";

/** An own architecture file: ResNet's blocks, a pooling, an identity, a residual that is asked for. */
const own = parseArchitecture({
  name: "own",
  input: { height: 30, width: 26, channels: 3 },
  stem: [conv(5, 20, { stride: 2 }), { kind: "maxpool", kernelSize: 3, stride: 2 }],
  blocks: [
    [
      { ...residual([3])[0], stride: 1, innerChannels: 20, outChannels: 20 },
      { ...residual([3], { design: "bottleneck" })[0], stride: 2, innerChannels: 12, outChannels: 48 },
      { kind: "identity" },
    ],
    [
      {
        kind: "mbconv",
        kernelSize: 5,
        stride: 1,
        expansion: 3,
        outChannels: 48,
        seRatio: 0.25,
        activation: "relu",
        residual: true,
      },
      conv(3, 48),
    ],
  ],
  head: [conv(1, 96)],
  classes: 7,
  padding: "symmetric",
  batchNormEpsilon: 1e-5,
});
const PRESETS = ["efficientnet_b0", "efficientnet-b0@28px", "efficientnet-b1@28px", "resnet18", "resnet50"];
const teachers = fc.oneof(
  fc.constantFrom(...PRESETS).map((name) => architecturePreset(name)),
  fc.constantFrom(...nasBenchMacroKeys()).map((key) => nasBenchMacro(key)),
  fc.constant(own),
);
const methods = fc.constantFrom("width" as const, "compound" as const);
const strides = (layers: readonly Layer[]) =>
  layers.flatMap((layer) => (layer.kind !== "identity" && layer.stride > 1 ? [layer.stride] : []));
const stridesOf = ({ stem, blocks, head }: Architecture) => [stem, ...blocks, head].map(strides);

describe("shrinkArchitecture", () => {
  it("lands within 3 % of any share of a teacher's MACs or parameters by both ways, and says how near", () => {
    fc.assert(
      fc.property(
        teachers,
        methods,
        fc.double({ min: 0.15, max: 1, noNaN: true }),
        fc.constantFrom("macs" as const, "params" as const),
        (teacher, by, share, cost) => {
          const target = share * networkCost(teacher)[cost];
          const shrunk = shrinkArchitecture(teacher, target, { by, cost });
          const counted = networkCost(shrunk.architecture)[cost];
          expect(Math.abs(counted / target - 1)).toBeLessThanOrEqual(0.03);
          expect(shrunk.off).toBeCloseTo(counted / target - 1, 12);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("keeps strides, kernels, blocks and classes, has a layer a block at least and valid shapes", () => {
    fc.assert(
      fc.property(teachers, methods, fc.double({ min: 0.05, max: 1, noNaN: true }), (teacher, by, share) => {
        const { architecture, width, depth } = shrinkArchitecture(teacher, share * networkCost(teacher).macs, { by });
        validateArchitecture(architecture);
        expect(stridesOf(architecture)).toEqual(stridesOf(teacher));
        expect(architecture.blocks).toHaveLength(teacher.blocks.length);
        for (const block of architecture.blocks) expect(block.length).toBeGreaterThanOrEqual(1);
        const layers = [teacher, architecture].map(({ stem, blocks, head }) => [...stem, ...blocks.flat(), ...head]);
        const kernels = layers.map(
          (all) => new Set(all.map((layer) => ("kernelSize" in layer ? layer.kernelSize : 0))),
        );
        for (const kernel of kernels[1]) expect(kernels[0]).toContain(kernel);
        expect(architecture.classes).toBe(teacher.classes);
        expect(width).toBeLessThanOrEqual(1);
        expect(depth).toBeCloseTo(depthOf(architecture) / depthOf(teacher), 12);
        if (by === "width") expect(depth).toBe(1);
      }),
      { numRuns: 40 },
    );
  });

  it("is the network itself at all of its cost", () => {
    for (const name of PRESETS) {
      const teacher = architecturePreset(name);
      for (const by of ["width", "compound"] as const) {
        expect(shrinkArchitecture(teacher, networkCost(teacher).macs, { by }).architecture).toEqual(teacher);
      }
    }
  });

  it("by compound scaling takes depth with width in EfficientNet's proportion, where there are layers to take", () => {
    const teacher = architecturePreset("efficientnet_b7");
    for (const share of [0.6, 0.3, 0.15]) {
      const { width, depth } = shrinkArchitecture(teacher, share * networkCost(teacher).macs, { by: "compound" });
      // Depth is 1.2^phi where width is 1.1^phi.
      expect(Math.log(depth) / Math.log(width)).toBeCloseTo(Math.log(1.2) / Math.log(1.1), 0);
    }
  });

  it("refuses more than there is, less than one channel a layer, and what is no target", () => {
    const teacher = architecturePreset("efficientnet-tiny@28px");
    expect(() => shrinkArchitecture(teacher, 1e9)).toThrow(/must be at most what efficientnet-tiny@28px has/);
    expect(() => shrinkArchitecture(teacher, 10)).toThrow(/must have at least .* with one channel a layer/);
    expect(() => shrinkArchitecture(teacher, Number.NaN)).toThrow(/target must be a number above 0/);
    expect(() => shrinkArchitecture(teacher, 1e5, { by: "depth" as never })).toThrow(/"width" or "compound"/);
  });
});
