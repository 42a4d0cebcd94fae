import { describe, expect, it } from "vitest";
import { blockPathMacs, distillationMacs, equalCostEpochs, layersCost, meanPathMacs, stemCost } from "../../src/cost";
import {
  architecturePreset,
  blockSpace,
  dnaCells,
  mbconv,
  paths,
  supernetInput,
  supernetLayers,
} from "../../src/space";
import { splitArchitecture } from "../../src/teacher";

const architecture = architecturePreset("efficientnet-b0@28px");
const blocks = splitArchitecture(architecture, 3);
const ops = mbconv([3, 5], [6, 3]);
const several = blockSpace(blocks, { ops, cells: dnaCells, adapter: false });
const one = blockSpace(blocks, { ops, cells: dnaCells, cellsPerBlock: 1, adapter: false });

describe("mean multiply-adds of a path", () => {
  it.each([
    [0, 0],
    [1, 2],
  ])("are the mean over all paths of cell %i/%i, the stem counted in block 0", (block, cell) => {
    const layers = supernetLayers(several, block, cell);
    const all = paths(ops.length, layers.length).map(
      (path) =>
        layersCost(
          path.map((op, layer) => layers[layer][op]),
          supernetInput(several, block),
        ).cost.macs,
    );
    const stem = block === 0 ? stemCost(several).macs : 0;
    const mean = all.reduce((sum, macs) => sum + macs, 0) / all.length + stem;
    expect(meanPathMacs(several, block, cell)).toBeCloseTo(mean, 3);
  });

  it("add up over a block's cells", () => {
    expect(blockPathMacs(several)[2]).toBe([0, 1, 2].reduce((sum, cell) => sum + meanPathMacs(several, 2, cell), 0));
  });
});

describe("epochs of equal cost", () => {
  it("are those of the other space where both are the same", () => {
    expect(equalCostEpochs(several, several, 4)).toEqual([4, 4, 4]);
  });

  it("give one cell what three cells cost, but for whole epochs", () => {
    const epochs = equalCostEpochs(one, several, 4);
    expect(Math.min(...epochs)).toBeGreaterThan(4);
    const [own, others] = [blockPathMacs(one), blockPathMacs(several)];
    epochs.forEach((of, block) => {
      expect(Math.abs(of * own[block] - 4 * others[block])).toBeLessThanOrEqual(own[block] / 2);
    });
    expect(distillationMacs(one, epochs, 10)).toBeCloseTo(
      epochs.reduce((sum, of, block) => sum + 10 * of * own[block], 0),
      3,
    );
    expect(distillationMacs(several, 4, 10)).toBeCloseTo(
      others.reduce((sum, macs) => sum + 40 * macs, 0),
      3,
    );
  });

  it("are one at least", () => {
    expect(equalCostEpochs(several, one, 1)).toEqual([1, 1, 1]);
  });

  it("are refused for spaces around other blocks", () => {
    const two = blockSpace(splitArchitecture(architecture, 2), { ops, adapter: false });
    expect(() => equalCostEpochs(two, several, 4)).toThrow(/as many blocks, got 2 and 3/);
  });
});
