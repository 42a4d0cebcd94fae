import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpaceError } from "../../src/core";
import { layerCost } from "../../src/cost";
import {
  assemble,
  blockSpace,
  type CandidateOp,
  conv,
  countBlock,
  countCandidates,
  countCells,
  enumerateBlock,
  hasTimmWords,
  identity,
  mbconv,
  opLegend,
  opName,
  placeCandidate,
  residual,
  type SearchSpace,
  spacePreset,
  supernetLayers,
  timmStages,
  validateArchitecture,
} from "../../src/space";

const shape = (size: number, channels: number) => ({ height: size, width: size, channels });
const two = [
  { input: shape(8, 1), output: shape(4, 8) },
  { input: shape(4, 8), output: shape(2, 16) },
];

describe("conv and residual as candidate operations", () => {
  it("are named and explained", () => {
    const ops = [...mbconv([3], [6]), ...conv([3, 5]), ...residual([3]), ...residual([3], { design: "bottleneck" })];
    expect([...ops, identity].map(opName)).toEqual(["e6k3", "conv3", "conv5", "res3", "bottleneck3", "id"]);
    expect(opLegend([...ops, identity])).toBe(
      "e6k3 is an MBConv of expansion 6 and kernel 3, conv3 is a convolution of kernel 3, res3 is ResNet's basic block of kernel 3, bottleneck3 is ResNet's bottleneck block of kernel 3, id is no operation",
    );
  });

  it("conv of two numbers is a layer as before", () => {
    expect(conv(3, 16, { stride: 2 })).toEqual({
      kind: "conv",
      kernelSize: 3,
      stride: 2,
      outChannels: 16,
      activation: "silu",
    });
  });

  it("cost what torch.nn.Conv2d, BatchNorm2d and torchvision's BasicBlock and Bottleneck count", () => {
    const at = (op: CandidateOp, inChannels: number, outChannels: number, stride: number) => {
      const { params, macs } = layerCost(placeCandidate(op, inChannels, outChannels, stride), shape(8, inChannels));
      return { params, macs };
    };
    const [plain] = conv([3]);
    expect(at(plain, 16, 32, 2)).toEqual({ params: 9 * 16 * 32 + 64, macs: 16 * 9 * 16 * 32 });
    const [basic] = residual([3]);
    // BasicBlock(16, 32, stride=2) with its downsample has 14,528 parameters.
    expect(at(basic, 16, 32, 2)).toEqual({ params: 14_528, macs: 16 * (9 * 16 * 32 + 9 * 32 * 32 + 16 * 32) });
    expect(at(basic, 32, 32, 1)).toEqual({ params: 2 * (9 * 32 * 32 + 64), macs: 64 * 2 * 9 * 32 * 32 });
    const [bottleneck] = residual([3], { design: "bottleneck" });
    // Bottleneck(32, 8) keeps 32 channels: 1x1 to 8, 3x3, 1x1 to 32.
    const weights = 32 * 8 + 9 * 8 * 8 + 8 * 32;
    expect(at(bottleneck, 32, 32, 1)).toEqual({ params: weights + 2 * (8 + 8 + 32), macs: 64 * weights });
  });

  it("refuses what is no operation", () => {
    expect(() => conv([])).toThrow(/at least one kernel/);
    expect(() => residual([])).toThrow(/at least one kernel/);
    expect(() => conv([4])).toThrow(/kernelSize must be odd/);
    expect(() => residual([3], { activation: "gelu" as "relu" })).toThrow(/activation must be one of none, silu/);
    for (const op of [{ kind: "convolution", kernelSize: 3 }, "e6k3", null, { ...residual([3])[0], design: "wide" }]) {
      expect(() => blockSpace(two, { ops: [op as CandidateOp] })).toThrow(SpaceError);
    }
    expect(() => blockSpace(two, { ops: [{ kind: "convolution" } as unknown as CandidateOp] })).toThrow(
      /block 0: op 0 must be an operation of kind mbconv, conv, residual, identity/,
    );
  });

  it("timm's strings say convolutions, and ResNet's blocks not", () => {
    const space = blockSpace(two, { ops: [...conv([3], { activation: "relu" }), ...residual([3])] });
    const first = space.blocks.map((_, block) => enumerateBlock(space, block)[0]);
    expect(timmStages(assemble(space, first))[0][0]).toMatch(/^cn_r3_k3_s1_c8_nre$/);
    const withResidual = assemble(space, [first[0], { ...first[1], path: first[1].path.map(() => 1) }]);
    expect(hasTimmWords(withResidual)).toBe(false);
    expect(() => timmStages(withResidual)).toThrow(/have no residual; save the network as a file/);
  });
});

describe("ops by block", () => {
  it("each block has its own", () => {
    const cells = [[{ depth: 2, width: 8 }], [{ depth: 1, width: 16 }]];
    const space = blockSpace(two, { cells, ops: [mbconv([3, 5], [6, 3]), [...conv([3]), ...residual([3]), identity]] });
    expect(space.count()).toEqual({ candidates: 16n + 3n, networks: 48n });
    expect(supernetLayers(space, 1, 0)[0].map(({ kind }) => kind)).toEqual(["conv", "residual", "conv"]);
  });

  it("refuses a list too many or too few, and lists mixed with ops", () => {
    expect(() => blockSpace(two, { ops: [conv([3])] })).toThrow(/one list for each of the 2 blocks, got 1/);
    expect(() => blockSpace(two, { ops: [conv([3]), conv([3]), conv([3])] })).toThrow(/2 blocks, got 3/);
    expect(() => blockSpace(two, { ops: [mbconv([3], [6]), identity] as unknown as CandidateOp[] })).toThrow(
      /got both; spread lists into one/,
    );
    expect(() => blockSpace(two, { ops: [conv([3]), []] })).toThrow(/block 1: needs at least one op/);
    expect(() => blockSpace(two, { ops: "mbconv" as unknown as CandidateOp[] })).toThrow(/must be a list/);
  });

  it("an identity that passes the teacher's map on does not stand behind a narrower cell", () => {
    const blocks = [two[0], { input: shape(4, 8), output: shape(4, 8) }];
    const ops = [conv([3]), [...conv([3]), identity]];
    const cells = (width: number) => [[{ depth: 1, width }], [{ depth: 1, width: 8 }]];
    expect(() => blockSpace(blocks, { ops, cells: cells(4) })).toThrow(/block before must be as wide.*8, got 4/);
    expect(blockSpace(blocks, { ops, cells: cells(8) }).count().networks).toBe(2n);
  });
});

/** The network without its name and what does nothing. */
function work(space: SearchSpace, picks: readonly number[]): string {
  const network = assemble(
    space,
    space.blocks.map((_, block) => {
      const all = enumerateBlock(space, block);
      return all[picks[block] % all.length];
    }),
  );
  validateArchitecture(network);
  return JSON.stringify(network.blocks.map((layers) => layers.filter(({ kind }) => kind !== "identity")));
}

describe("candidates of any mixture of ops", () => {
  const some = fc.subarray([...mbconv([3], [3]), ...conv([3, 5]), ...residual([3]), identity], { minLength: 1 });
  it("are distinct networks, as many as are counted, also where the stem is as wide as the first cell", () => {
    fc.assert(
      fc.property(some, some, fc.integer({ min: 1, max: 3 }), fc.constantFrom(1, 2), (first, second, depth, stride) => {
        const size = 8 / stride;
        const blocks = [
          { input: shape(8, 1), output: shape(size, 8) },
          { input: shape(size, 8), output: shape(size, 8) },
        ];
        const cells = blocks.map(() => [{ depth, width: 8 }]);
        const space = blockSpace(blocks, { ops: [first, second], cells, stem: [conv(3, 8, { stride })] });
        for (const block of [0, 1]) {
          const all = enumerateBlock(space, block);
          expect(countCells(space)[block]).toEqual([BigInt(all.length)]);
          const works = all.map((_, i) => work(space, block === 0 ? [i, 0] : [0, i]));
          expect(new Set(works).size).toBe(all.length);
        }
        expect(countCandidates(space)).toBe(BigInt(enumerateBlock(space, 0).length + enumerateBlock(space, 1).length));
      }),
      { numRuns: 60 },
    );
  });

  it("of the presets are counted as before", () => {
    for (const name of ["dna", "dna-mini", "nas-bench-macro"]) {
      const space = spacePreset(name);
      expect(space.count().candidates).toBe(space.blocks.reduce((sum, block) => sum + countBlock(block), 0n));
    }
  });
});
