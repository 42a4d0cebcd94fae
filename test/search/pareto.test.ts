import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hypervolume, paretoFront } from "../../src/search";

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
