import { describe, expect, test } from "vitest";
import { networkCost } from "../../src/cost";
import {
  assemble,
  type Candidate,
  countBlock,
  countNetworks,
  enumerateBlock,
  nasBenchMacro,
  nasBenchMacroSpace,
  supernetLayers,
} from "../../src/space";

const digits = (candidates: readonly Candidate[]) => candidates.flatMap(({ path }) => path).join("");

describe("the space of NAS-Bench-Macro", () => {
  test("has the 3,969 distinct networks, each once: 9 x 21 x 21", () => {
    const space = nasBenchMacroSpace();
    expect(space.blocks.map(countBlock)).toEqual([9n, 21n, 21n]);
    expect(countNetworks(space)).toBe(3969n);
    expect(enumerateBlock(space, 1).map(({ path }) => path.join(""))).toEqual(
      "000 001 002 011 012 021 022 100 101 102 111 112 121 122 200 201 202 211 212 221 222".split(" "),
    );
  });

  test.each([[[]], [[5]], [[2, 5]], [[2, 4, 6]], [[1, 2, 3, 4, 5, 6, 7]]])(
    "cut after layers %j its networks are the benchmark's",
    (cuts) => {
      const space = nasBenchMacroSpace(cuts);
      for (const block of space.blocks.keys()) {
        expect(BigInt(enumerateBlock(space, block).length)).toBe(countBlock(space.blocks[block]));
      }
      for (const pick of [0, 1, 7]) {
        const candidates = space.blocks.map((_, block) => {
          const all = enumerateBlock(space, block);
          return all[(pick * 5 + block) % all.length];
        });
        const own = assemble(space, candidates);
        const published = nasBenchMacro(digits(candidates));
        expect(own.blocks.flat()).toEqual(published.blocks.flat());
        expect(networkCost(own).macs).toBe(networkCost(published).macs);
      }
    },
  );

  test("in a supernet an identity is a 1x1 convolution where the shape changes, and nothing elsewhere", () => {
    const kinds = supernetLayers(nasBenchMacroSpace(), 2, 0).map(([none]) => none);
    expect(kinds[0]).toMatchObject({ kind: "conv", kernelSize: 1, stride: 2, outChannels: 256, activation: "none" });
    expect(kinds.slice(1)).toEqual([{ kind: "identity" }, { kind: "identity" }]);
  });

  test("cuts must be rising layers before the last", () => {
    expect(() => nasBenchMacroSpace([5, 2])).toThrow(/rising layers of 1..7, got \[5, 2\]/);
    expect(() => nasBenchMacroSpace([8])).toThrow(/1..7/);
  });
});
