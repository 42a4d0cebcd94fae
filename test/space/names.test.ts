import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprint } from "../../src/core";
import { type Activation, type CandidateOp, describeLayer, type Layer, opLegend, opName } from "../../src/space";

const kernelSize = fc.constantFrom(1, 3, 5, 7);
const activation = fc.constantFrom<Activation>("none", "silu", "relu", "relu6", "hardswish");
const seRatio = fc.constantFrom(0, 0.0625, 0.1, 0.25, 0.5, 1);
const expansion = fc.constantFrom(1, 2, 3, 6);
const design = fc.constantFrom("basic" as const, "bottleneck" as const);
const width = fc.integer({ min: 1, max: 64 });
const stride = fc.constantFrom(1, 2);

const op: fc.Arbitrary<CandidateOp> = fc.oneof(
  fc.record({ kernelSize, expansion, seRatio, activation }),
  fc.record({ kind: fc.constant("conv" as const), kernelSize, activation }),
  fc.record({ kind: fc.constant("residual" as const), design, kernelSize, activation }),
  fc.constant({ kind: "identity" as const }),
);

const layer: fc.Arbitrary<Layer> = fc.oneof(
  fc.record({ kind: fc.constant("conv" as const), kernelSize, stride, outChannels: width, activation }),
  fc.record({
    kind: fc.constant("mbconv" as const),
    kernelSize,
    stride,
    expansion,
    outChannels: width,
    seRatio,
    activation,
    residual: fc.constantFrom(undefined, false as const),
  }),
  fc.record({
    kind: fc.constant("residual" as const),
    design,
    kernelSize,
    stride,
    innerChannels: width,
    outChannels: width,
    activation,
  }),
  fc.record({ kind: fc.constant("maxpool" as const), kernelSize, stride }),
  fc.constant({ kind: "identity" as const }),
);

describe("names", () => {
  it("of ops differ where ops differ, and have no spaces", () => {
    fc.assert(
      fc.property(op, op, (a, b) => {
        expect(opName(a)).not.toMatch(/\s/);
        expect(opName(a) === opName(b)).toBe(fingerprint(a) === fingerprint(b));
      }),
      { numRuns: 2000 },
    );
  });

  it("of layers differ where layers differ: latencies are looked up by them", () => {
    fc.assert(
      fc.property(layer, layer, (a, b) => {
        expect(describeLayer(a) === describeLayer(b)).toBe(fingerprint(a) === fingerprint(b));
      }),
      { numRuns: 2000 },
    );
  });

  it("say squeeze-excite and activation where they are not the usual ones", () => {
    const usual = { kernelSize: 3, expansion: 6, seRatio: 0.25, activation: "silu" } as const;
    expect(opName(usual)).toBe("e6k3");
    expect(opName({ ...usual, seRatio: 0 })).toBe("e6k3_se0");
    expect(opName({ ...usual, activation: "relu6" })).toBe("e6k3_nr6");
    expect(opName({ ...usual, seRatio: 0.5, activation: "none" })).toBe("e6k3_se0.5_linear");
    expect(opLegend([{ ...usual, seRatio: 0, activation: "relu" }])).toBe(
      "e6k3_se0_nre is an MBConv of expansion 6 and kernel 3 without squeeze-excite with relu",
    );
  });
});
