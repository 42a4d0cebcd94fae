import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { enteringWidths, headCost, networkCost, ratingCosts, stemCost } from "../../src/cost";
import { assemble, dnaSpace, enumerateBlock } from "../../src/space";

const space = dnaSpace();
const candidates = space.blocks.map((_, i) => enumerateBlock(space, i));
const cost = ratingCosts(space);
const [stem, head] = [stemCost(space), headCost(space)];

describe("pairwise costs", () => {
  it("cover every width that may enter a block", () => {
    expect(space.blocks.map((_, i) => enteringWidths(space, i))).toEqual([
      [16],
      [24, 32],
      [40],
      [80],
      [96, 112],
      [160, 192],
    ]);
    expect(Object.keys(cost(candidates[1][0]).macs)).toEqual(["24", "32"]);
    expect(Object.keys(head.params)).toEqual(["320"]);
  });

  it("sum to the cost of the assembled network, whichever candidates are joined", () => {
    const choice = fc.tuple(...candidates.map((block) => fc.integer({ min: 0, max: block.length - 1 })));
    fc.assert(
      fc.property(choice, (indices) => {
        const chosen = indices.map((index, block) => candidates[block][index]);
        const whole = networkCost(assemble(space, chosen));
        for (const quantity of ["macs", "params", "activationBytes"] as const) {
          let width = 16;
          let sum = stem[quantity];
          for (const candidate of chosen) {
            sum += cost(candidate)[quantity][width];
            width = space.blocks[candidate.block].cells[candidate.cell].width;
          }
          expect(sum + head[quantity][width]).toBe(whole[quantity]);
        }
      }),
    );
  });
});
