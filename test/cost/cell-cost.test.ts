import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpaceError } from "../../src/core";
import { cellNetworkCost } from "../../src/cost";
import { cellNames, cellPreset, dartsNetwork, nasBench201, PUBLISHED_CELLS } from "../../src/space";

const millions = (count: number, digits = 1) => (count / 1e6).toFixed(digits);

describe("the cost of published networks of cells", () => {
  it.each([
    ["darts-v1", 3_169_414],
    ["darts-v2", 3_349_342],
    ["eeea-a", 1_769_230],
    ["eeea-b", 1_870_318],
    ["eeea-c", 3_513_358],
    ["eeea-ea", 2_925_046],
    ["econas-g1", 3_180_862],
    ["econas-g2", 2_956_006],
    ["pocketnet-s-128", 925_632],
    ["pocketnet-s-256", 991_424],
    ["pocketnet-m-128", 1_686_656],
    ["pocketnet-m-256", 1_752_448],
    ["pnasnet-5-large", 86_057_668],
  ])("%s has exactly %i parameters", (name, params) => {
    expect(cellNetworkCost(cellPreset(name)).params).toBe(params);
  });

  it("PocketNets have their MACs", () => {
    const macs = ["s-128", "s-256", "m-128", "m-256"].map(
      (size) => cellNetworkCost(cellPreset(`pocketnet-${size}`)).macs,
    );
    expect(macs.map((count) => millions(count))).toEqual(["283.5", "283.6", "538.2", "538.3"]);
  });

  it("PNASNet-5 has the published 5.1M parameters and 588M multiply-adds (587.3 here), and 86.1M and 25.0 G", () => {
    const mobile = cellNetworkCost(cellPreset("pnasnet-5-mobile"));
    expect([millions(mobile.params), millions(mobile.macs)]).toEqual(["5.1", "587.3"]);
    const large = cellNetworkCost(cellPreset("pnasnet-5-large"));
    // The published count is of convolutions and batch norms.
    expect([millions(large.params), (large.flops / 1e9).toFixed(1)]).toEqual(["86.1", "25.0"]);
  });

  it("EEEA-Nets of 32 channels have what the same counter gives for them", () => {
    const params = ["eeea-ea", "eeea-a", "eeea-b", "eeea-c"].map((name) => {
      return cellNetworkCost(dartsNetwork(name, PUBLISHED_CELLS[name](), { channels: 32, layers: 20 })).params;
    });
    expect(params.map((count) => millions(count, 2))).toEqual(["2.34", "1.41", "1.49", "2.81"]);
  });

  it("NAS-Bench-201's networks have the benchmark's parameters and MACs", () => {
    // Of the benchmark's own listing: 0.073306M and 7.78M, 1.531546M and 220.12M.
    expect(cellNetworkCost(nasBench201("111111"))).toMatchObject({ params: 73_306, macs: 7_783_040 });
    expect(cellNetworkCost(nasBench201("333333"))).toMatchObject({ params: 1_531_546, macs: 220_119_680 });
    expect(cellNetworkCost(nasBench201("040014"))).toMatchObject({ params: 73_306, macs: 7_783_040 });
  });
});

describe("the cost of a network of cells", () => {
  it("is the sum of its parts and of its operations", () => {
    for (const name of cellNames().slice(0, -1)) {
      const { params, macs, flops, activationBytes, layers, parts } = cellNetworkCost(cellPreset(name));
      for (const list of [layers, parts]) {
        const sum = (of: "params" | "macs" | "flops" | "activationBytes") =>
          list.reduce((total, part) => total + part[of], 0);
        expect([sum("params"), sum("macs"), sum("flops"), sum("activationBytes")]).toEqual([
          params,
          macs,
          flops,
          activationBytes,
        ]);
      }
      expect(new Set(layers.map((layer) => layer.name)).size, name).toBe(layers.length);
    }
  });

  it("halves the sides at each reduction, odd ones rounded up, with the same parameters at every size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65 }), fc.constantFrom(...Object.keys(PUBLISHED_CELLS)), (side, name) => {
        const network = cellPreset(name);
        const cost = cellNetworkCost(network, { height: side, width: side, channels: 3 });
        const last = cost.parts.at(-3)!.output;
        expect(last.height).toBe(Math.ceil(Math.ceil(side / 2) / 2));
        expect(cost.params).toBe(cellNetworkCost(network).params);
      }),
      { numRuns: 30 },
    );
  });

  it("is refused where a residual block's ways end at different sizes", () => {
    expect(() => cellNetworkCost(nasBench201("333333"), { height: 29, width: 29, channels: 3 })).toThrow(SpaceError);
    expect(() => cellNetworkCost(nasBench201("333333"), { height: 29, width: 29, channels: 3 })).toThrow(
      /the ways of a branch must end alike, got 14x14x32 and 15x15x32/,
    );
  });
});
