import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hypervolume, hypervolumeShare, paretoFront, worstCorner } from "../../src/search";

const point = fc.record({ cost: fc.integer({ min: 0, max: 20 }), value: fc.integer({ min: 0, max: 20 }) });
const points = fc.array(point, { maxLength: 20 });

describe("paretoFront", () => {
  it("keeps exactly the points that none beats", () => {
    fc.assert(
      fc.property(points, fc.constantFrom("lower" as const, "higher" as const), (all, better) => {
        const sign = better === "lower" ? 1 : -1;
        const beats = (a: { cost: number; value: number }, b: typeof a) =>
          a.cost <= b.cost && sign * a.value <= sign * b.value && (a.cost < b.cost || a.value !== b.value);
        const front = paretoFront(all, better);
        const expected = new Set(
          all.filter((b) => !all.some((a) => beats(a, b))).map(({ cost, value }) => `${cost},${value}`),
        );
        expect(new Set(front.map(({ cost, value }) => `${cost},${value}`))).toEqual(expected);
        expect(front).toHaveLength(expected.size);
      }),
    );
  });
});

describe("hypervolume", () => {
  it("counts the unit squares below the reference that some point dominates", () => {
    fc.assert(
      fc.property(points, (all) => {
        let squares = 0;
        for (let cost = 0; cost < 15; cost++) {
          for (let value = 0; value < 12; value++) {
            if (all.some((of) => of.cost <= cost && of.value <= value)) squares++;
          }
        }
        expect(hypervolume(all, { cost: 15, value: 12 })).toBe(squares);
      }),
    );
  });

  it("measures accuracies upwards", () => {
    const accuracies = [
      { cost: 1, value: 0.8 },
      { cost: 2, value: 0.9 },
    ];
    expect(hypervolume(accuracies, { cost: 4, value: 0.5 }, "higher")).toBeCloseTo(0.3 + 2 * 0.4, 12);
  });
});

describe("the dominated share", () => {
  const reference = { cost: 15, value: 12 };

  it("is 1 of a perfect point for nothing, 0 of none, and the hypervolume over the rectangle between", () => {
    expect(hypervolumeShare([{ cost: 0, value: 0 }], reference)).toBe(1);
    expect(hypervolumeShare([], reference)).toBe(0);
    fc.assert(
      fc.property(points, (all) => {
        expect(hypervolumeShare(all, reference)).toBeCloseTo(hypervolume(all, reference) / (15 * 12), 12);
      }),
    );
  });

  it("above a floor does not see how far down a front reaches", () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 14 }), (all, from) => {
        const moved = all.map(({ cost, value }) => ({ cost: Math.max(cost, from) - from, value }));
        const shifted = hypervolumeShare(moved, { cost: 15 - from, value: 12 });
        expect(hypervolumeShare(all, reference, from)).toBeCloseTo(shifted, 12);
      }),
    );
  });

  it("needs a reference beyond the floor", () => {
    expect(() => hypervolumeShare([], reference, 15)).toThrow(/more than 15/);
    expect(() => hypervolumeShare([], { cost: 1, value: Number.NaN })).toThrow(/above 0/);
  });

  it("takes the worst of what was measured as a corner", () => {
    const all = [
      { cost: 3, value: 9 },
      { cost: 8, value: 2 },
      { cost: Number.NaN, value: 50 },
    ];
    expect(worstCorner(all)).toEqual({ cost: 8, value: 9 });
  });
});
