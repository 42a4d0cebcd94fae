import fc from "fast-check";
import { expect, test } from "vitest";
import { SpaceError } from "../../src/core";
import { networkCost } from "../../src/cost";
import { type Architecture, architecturePreset, blockSpace, supernetLayers, trunkLayers } from "../../src/space";
import { balancedCuts, blocksAt, cutIndices, type TrunkLayer } from "../../src/teacher";

/** Layers that follow from one another: a stage is [layers, stride, channels, MACs a layer]. */
function trunk(stages: readonly (readonly [number, number, number, number])[]): TrunkLayer[] {
  let shape = { height: 32, width: 32, channels: 3 };
  return stages.flatMap(([count, stride, channels, macs]) =>
    Array.from({ length: count }, (_, i) => {
      const own = i === 0 ? stride : 1;
      const input = shape;
      shape = { height: Math.ceil(input.height / own), width: Math.ceil(input.width / own), channels };
      return { macs, params: macs / 2, stride: own, input, output: shape };
    }),
  );
}

const stages = fc.array(
  fc.tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom(1, 2),
    fc.constantFrom(8, 16, 24),
    fc.integer({ min: 0, max: 1000 }),
  ),
  { minLength: 1, maxLength: 5 },
);

test("for every k from 1 to the number of layers the blocks are k, not empty, and cover all layers in order", () => {
  fc.assert(
    fc.property(stages, (drawn) => {
      const layers = trunk(drawn);
      for (let k = 1; k <= layers.length; k++) {
        const blocks = blocksAt(layers, balancedCuts(layers, k));
        expect(blocks.length).toBe(k);
        const covered = blocks.flatMap(({ firstLayer, lastLayer }) =>
          Array.from({ length: lastLayer - firstLayer + 1 }, (_, i) => firstLayer + i),
        );
        expect(covered).toEqual(layers.map((_, i) => i));
        for (const { firstLayer, lastLayer, index } of blocks) {
          expect(lastLayer).toBeGreaterThanOrEqual(firstLayer);
          if (index > 0) expect(blocks[index].input).toEqual(blocks[index - 1].output);
        }
        const sum = (key: "macs" | "params") => layers.reduce((total, layer) => total + layer[key], 0);
        expect(blocks.reduce((total, { macs }) => total + macs, 0)).toBe(sum("macs"));
        expect(blocks.reduce((total, { params }) => total + params, 0)).toBe(sum("params"));
        expect(blocks.reduce((product, { stride }) => product * stride, 1)).toBe(
          layers.reduce((product, { stride }) => product * stride, 1),
        );
      }
    }),
    { numRuns: 60 },
  );
});

test("of all divisions the cheapest is taken (brute force)", () => {
  const price = (layers: TrunkLayer[], cuts: readonly number[]) => {
    const blocks = blocksAt(layers, cuts);
    const share = layers.reduce((sum, { macs }) => sum + macs, 0) / blocks.length || 1;
    const imbalance = blocks.reduce((sum, { macs }) => sum + (macs / share - 1) ** 2 / blocks.length, 0);
    return cuts.reduce((sum, cut) => {
      const { stride, input, output } = layers[cut + 1];
      return sum + (stride > 1 ? 0 : input.channels === output.channels ? 1 : 0.1);
    }, imbalance);
  };
  const choices = (n: number, count: number, from = 0): number[][] =>
    count === 0
      ? [[]]
      : Array.from({ length: n - from }, (_, i) => from + i).flatMap((first) =>
          choices(n, count - 1, first + 1).map((rest) => [first, ...rest]),
        );
  fc.assert(
    fc.property(stages, fc.nat(), (drawn, pick) => {
      const layers = trunk(drawn).slice(0, 9);
      const k = 1 + (pick % layers.length);
      const least = Math.min(...choices(layers.length - 1, k - 1).map((cuts) => price(layers, cuts)));
      expect(price(layers, balancedCuts(layers, k))).toBeCloseTo(least, 9);
    }),
    { numRuns: 60 },
  );
});

test("stages of like cost stay whole: cuts fall where the resolution changes", () => {
  const layers = trunk([
    [3, 2, 16, 100],
    [2, 2, 24, 130],
    [4, 2, 40, 90],
    [2, 2, 80, 120],
  ]);
  expect(balancedCuts(layers, 4)).toEqual([2, 4, 8]);
  expect(balancedCuts(layers, 1)).toEqual([]);
});

test("k beyond the layers is an error that names their number", () => {
  const layers = trunk([[3, 1, 8, 10]]);
  for (const k of [0, 4, 1.5]) {
    expect(() => balancedCuts(layers, k)).toThrow(SpaceError);
    expect(() => balancedCuts(layers, k)).toThrow(
      `k must be a whole number from 1 to 3, the number of the teacher's layers before its head, got ${k}`,
    );
  }
});

test("given cut points are taken, wrong ones are an error", () => {
  const layers = trunk([[5, 1, 8, 10]]);
  expect(blocksAt(layers, [0, 3]).map(({ firstLayer, lastLayer }) => [firstLayer, lastLayer])).toEqual([
    [0, 0],
    [1, 3],
    [4, 4],
  ]);
  for (const cuts of [[3, 1], [1, 1], [4], [-1], [0.5]])
    expect(() => blocksAt(layers, cuts)).toThrow(/rising whole numbers/);
});

test("cut points have names, and stages have borders", () => {
  const b0 = architecturePreset("efficientnet_b0");
  expect(cutIndices(b0, "stages")).toEqual([1, 3, 5, 8, 11, 15]);
  expect(cutIndices(b0, { after: ["stem.0", "block1.1", 8] })).toEqual([0, 3, 8]);
  const costed = networkCost(b0).layers.map(({ name }) => name);
  expect(costed[cutIndices(b0, { after: ["block4.2"] })[0]]).toBe("block4.2");
  expect(() => cutIndices(b0, { after: ["block9.0"] })).toThrow(/one of stem.0, block0.0, .*block6.0, got "block9.0"/);
  expect(() => cutIndices(b0, { after: ["block3.0", "block2.0"] })).toThrow(
    /"block2.0" does not come after "block3.0"; the order is stem.0, /,
  );
});

test("blocks of any teacher cut at its stages have the channels that the space around them imitates", () => {
  for (const name of ["efficientnet_b7", "dna-c", "nas-bench-macro/22222222", "efficientnet-b1@28px"]) {
    const architecture = architecturePreset(name);
    const layers = trunkOf(architecture);
    const blocks = blocksAt(layers, cutIndices(architecture, "stages"));
    const space = blockSpace(blocks);
    expect(space.blocks.map(({ output }) => output.channels)).toEqual(
      architecture.blocks.map((stage) => (stage.at(-1) as { outChannels: number }).outChannels),
    );
    const [, second] = space.blocks;
    const width = second.cells[0].width;
    const [first, last] = [supernetLayers(space, 1, 0)[0], supernetLayers(space, 1, 0).at(-1)!];
    expect([first[1], last[1]].map((layer) => (layer as { outChannels: number }).outChannels)).toEqual([
      width,
      second.output.channels,
    ]);
  }
});

function trunkOf(architecture: Architecture): TrunkLayer[] {
  const { layers } = networkCost(architecture);
  return trunkLayers(architecture).map((layer, i) => ({
    ...layers[i],
    stride: layer.kind === "identity" ? 1 : layer.stride,
  }));
}
