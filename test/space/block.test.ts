import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpaceError } from "../../src/core";
import {
  assemble,
  assembledLayers,
  candidateId,
  cellStrides,
  channelsAfter,
  countBlock,
  countCandidates,
  countNetworks,
  enumerateBlock,
  hasResidual,
  type Layer,
  mbconv,
  outputShape,
  type SearchSpace,
  strideBetween,
  supernetInput,
  supernetLayers,
  validateArchitecture,
  validateSpace,
} from "../../src/space";
import { conv } from "../../src/space/layers";

const ops = mbconv([3, 5], [6, 3]);
const shape = (size: number, channels: number) => ({ height: size, width: size, channels });
const space: SearchSpace = {
  name: "toy",
  input: shape(28, 1),
  stem: [conv(3, 16, { stride: 2 })],
  blocks: [
    {
      stride: 1,
      input: shape(28, 1),
      output: shape(14, 32),
      ops,
      cells: [
        { depth: 1, width: 16 },
        { depth: 2, width: 24 },
      ],
    },
    { stride: 4, input: shape(14, 32), output: shape(4, 64), ops, cells: [{ depth: 3, width: 64 }] },
  ],
  head: [conv(1, 128)],
  classes: 10,
  padding: "same",
  batchNormEpsilon: 1e-3,
};

describe("mbconv", () => {
  it("lists expansions as given, kernels fastest: DNA's order", () => {
    expect(mbconv([3, 5, 7], [6, 3]).map(({ expansion, kernelSize }) => `e${expansion}k${kernelSize}`)).toEqual(
      ["e6k3", "e6k5", "e6k7", "e3k3", "e3k5", "e3k7"], // prettier-ignore
    );
  });

  it("refuses empty lists and even kernels", () => {
    expect(() => mbconv([], [6])).toThrow(SpaceError);
    expect(() => mbconv([4], [6])).toThrow(/kernelSize must be odd/);
    expect(() => mbconv([3], [0])).toThrow(/expansion/);
  });
});

const isResidual = (layer: Layer, channels: number) => layer.kind === "mbconv" && hasResidual(layer, channels);

describe("a block", () => {
  it("emits the teacher's channels in the supernet and the cell's width in the assembled network", () => {
    const last = supernetLayers(space, 0, 1).at(-1)!;
    expect(last.map((layer) => channelsAfter(layer, 24))).toEqual([32, 32, 32, 32]);
    const assembled = assembledLayers(space, { block: 0, cell: 1, path: [0, 3] });
    expect(assembled.map((layer) => channelsAfter(layer, 24))).toEqual([24, 24]);
    expect(isResidual(last[0], 24)).toBe(false);
    expect(isResidual(assembled[1], 24)).toBe(true);
  });

  it("is as wide as the teacher in the supernet's last layer and residual there when the cell is as wide", () => {
    expect(isResidual(supernetLayers(space, 1, 0).at(-1)![0], 64)).toBe(true);
  });

  it("spreads a stride of 4 over two layers", () => {
    expect(supernetLayers(space, 1, 0).map(([op]) => op.kind === "mbconv" && op.stride)).toEqual([2, 2, 1]);
    expect(cellStrides(1, 2)).toEqual([1, 1]);
    expect(() => cellStrides(4, 1)).toThrow(/at least 2 layers, got depth 1/);
    expect(() => cellStrides(3, 4)).toThrow(/power of two/);
  });

  it("has the teacher's map as its input, the first one the stem's output", () => {
    expect(supernetInput(space, 0)).toEqual(shape(14, 16));
    expect(supernetInput(space, 1)).toEqual(shape(14, 32));
  });

  it("finds the stride between two maps", () => {
    expect(strideBetween(shape(28, 1), shape(7, 4), "t")).toBe(4);
    expect(strideBetween(shape(7, 1), shape(4, 4), "t")).toBe(2);
    expect(strideBetween(shape(7, 1), shape(7, 4), "t")).toBe(1);
    expect(() => strideBetween(shape(28, 1), shape(10, 1), "t")).toThrow(SpaceError);
  });

  it("refuses a candidate that is none of the space", () => {
    expect(() => assembledLayers(space, { block: 0, cell: 1, path: [0] })).toThrow(/path has 2 ops, got 1/);
    expect(() => assembledLayers(space, { block: 0, cell: 1, path: [0, 4] })).toThrow(/op must lie in 0..3, got 4/);
    expect(() => assembledLayers(space, { block: 2, cell: 0, path: [] })).toThrow(/block must lie in 0..1, got 2/);
    expect(() => assembledLayers(space, { block: 0, cell: 2, path: [] })).toThrow(/cell must lie in 0..1/);
  });
});

describe("enumerateBlock", () => {
  it("is lexicographic, the last layer fastest", () => {
    const ids = enumerateBlock(space, 0).map(({ cell, path }) => [cell, ...path].join(""));
    expect(ids.slice(0, 7)).toEqual(["00", "01", "02", "03", "100", "101", "102"]);
    expect(ids).toHaveLength(20);
  });

  it("lists as many distinct candidates as the formula counts", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
        (kernels, depths) => {
          const block = {
            ...space.blocks[0],
            ops: mbconv([3, 5, 7, 9].slice(0, kernels), [3]),
            cells: depths.map((depth) => ({ depth, width: 8 })),
          };
          const listed = enumerateBlock({ ...space, blocks: [block] }, 0);
          expect(BigInt(listed.length)).toBe(countBlock(block));
          expect(new Set(listed.map(candidateId)).size).toBe(listed.length);
        },
      ),
    );
  });

  it("counts candidates and networks", () => {
    expect(countCandidates(space)).toBe(20n + 64n);
    expect(countNetworks(space)).toBe(20n * 64n);
  });
});

describe("assemble", () => {
  const candidates = [
    { block: 0, cell: 1, path: [0, 3] },
    { block: 1, cell: 0, path: [1, 2, 0] },
  ];

  it("makes a valid network of one candidate a block", () => {
    const network = assemble(space, candidates);
    validateArchitecture(network);
    expect(network.name).toBe("toy/c1.0-3_c0.1-2-0");
    expect(network.blocks.map((block) => block.length)).toEqual([2, 3]);
    expect(outputShape([...network.stem, ...network.blocks.flat()], network.input)).toEqual(shape(4, 64));
  });

  it("refuses a missing or misplaced block", () => {
    expect(() => assemble(space, candidates.slice(0, 1))).toThrow(/one candidate for each of its 2 blocks/);
    expect(() => assemble(space, [...candidates].reverse())).toThrow(SpaceError);
  });
});

describe("validateSpace", () => {
  const broken = (change: Partial<SearchSpace["blocks"][number]>, at = 1) => ({
    ...space,
    blocks: space.blocks.map((block, i) => (i === at ? { ...block, ...change } : block)),
  });

  it("accepts a space that hangs together", () => validateSpace(space));

  it("names what does not", () => {
    expect(() => validateSpace(broken({ stride: 2 }))).toThrow(
      /block 1: stride 2 must give the teacher's 4x4, gives 7x7/,
    );
    expect(() => validateSpace(broken({ input: shape(14, 31) }))).toThrow(
      /must be the output of the block before, 14x14x32/,
    );
    expect(() => validateSpace(broken({ input: shape(14, 16) }, 0))).toThrow(/input must be the image/);
    expect(() => validateSpace(broken({ cells: [{ depth: 1, width: 8 }] }))).toThrow(/at least 2 layers/);
    expect(() => validateSpace(broken({ cells: [] }))).toThrow(/at least one op and one cell/);
    expect(() => validateSpace(broken({ cells: [{ depth: 2, width: 0 }] }))).toThrow(/cell width/);
    expect(() => validateSpace({ ...space, blocks: [] })).toThrow(/at least one block/);
    expect(() => validateSpace({ ...space, stem: [] })).toThrow(/or the stem/);
  });
});

describe("validateArchitecture", () => {
  const network = assemble(space, [
    { block: 0, cell: 0, path: [0] },
    { block: 1, cell: 0, path: [0, 0, 0] },
  ]);

  it("names a malformed layer", () => {
    expect(() => validateArchitecture({ ...network, head: [conv(2, 8)] })).toThrow(
      /head layer 0: kernelSize must be odd/,
    );
    expect(() => validateArchitecture({ ...network, classes: 0 })).toThrow(/classes/);
    const forced = { ...network.blocks[1][0], residual: true };
    expect(() => validateArchitecture({ ...network, blocks: [[forced]] })).toThrow(/residual needs equal shapes/);
  });
});
