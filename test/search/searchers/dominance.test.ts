import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/core";
import { crowdingDistances, dominatedVolume, dominates, nonDominatedSort, type Point } from "../../../src/search";

/** Small whole numbers: many ties. */
const points = (dimensions: number, most = 12) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: dimensions, maxLength: dimensions }), {
    maxLength: most,
  });
const anyPoints = fc.integer({ min: 1, max: 4 }).chain((dimensions) => points(dimensions));

/** By the definition: peel what nothing left dominates. */
function peeled(all: readonly Point[]): number[][] {
  let left = [...all.keys()];
  const fronts: number[][] = [];
  while (left.length > 0) {
    const isDominated = (i: number) =>
      left.some((j) => all[j].every((v, k) => v <= all[i][k]) && all[j].some((v, k) => v < all[i][k]));
    fronts.push(left.filter((i) => !isDominated(i)));
    left = left.filter(isDominated);
  }
  return fronts;
}

describe("nonDominatedSort", () => {
  it("is what peeling off the undominated, front by front, gives", () => {
    fc.assert(
      fc.property(anyPoints, (all) => {
        expect(nonDominatedSort(all)).toEqual(peeled(all));
      }),
    );
  });

  it("puts what was not measured behind all that was", () => {
    fc.assert(
      fc.property(points(2), fc.integer({ min: 0, max: 5 }), (all, value) => {
        const fronts = nonDominatedSort([...all, [value, Number.NaN]]);
        expect(fronts.at(-1)).toEqual([all.length]);
        expect(fronts.slice(0, -1)).toEqual(peeled(all));
      }),
    );
  });
});

it("dominates: nowhere worse and somewhere better, never with NaN", () => {
  expect(dominates([1, 2], [1, 3])).toBe(true);
  expect(dominates([1, 2], [1, 2])).toBe(false);
  expect(dominates([0, 3], [1, 2])).toBe(false);
  expect(dominates([Number.NaN, 0], [1, 1])).toBe(false);
  expect(dominates([0, 0], [Number.NaN, 1])).toBe(false);
});

describe("crowdingDistances", () => {
  it("is infinite at the ends, and inside the gap of the neighbours as a share of the range", () => {
    // Objective 1: gaps 3 of 4 and 3 of 4; objective 2 the same way round.
    expect(
      crowdingDistances([
        [0, 4],
        [1, 3],
        [3, 1],
        [4, 0],
      ]),
    ).toEqual([Infinity, 1.5, 1.5, Infinity]);
    expect(
      crowdingDistances([
        [0, 10],
        [4, 4],
        [5, 0],
      ]),
    ).toEqual([Infinity, 2, Infinity]);
  });

  it("has no NaN, whatever the points, and none above twice the objectives inside", () => {
    const value = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(Number.NaN, Infinity, -Infinity));
    const odd = fc.array(fc.tuple(value, value, value), { maxLength: 10 });
    fc.assert(
      fc.property(odd, (all) => {
        for (const distance of crowdingDistances(all))
          expect(distance === Infinity || (distance >= 0 && distance <= 6)).toBe(true);
      }),
    );
  });
});

describe("dominatedVolume", () => {
  /** Cells of the unit grid that some point covers. */
  const counted = (all: readonly Point[], reference: Point): number => {
    const cells = reference.reduce<number[][]>(
      (grid, high) => grid.flatMap((cell) => Array.from({ length: high }, (_, i) => [...cell, i])),
      [[]],
    );
    return cells.filter((cell) => all.some((point) => point.every((value, i) => value <= cell[i]))).length;
  };

  it("is the number of grid cells that some point covers", () => {
    const cases = fc
      .integer({ min: 1, max: 4 })
      .chain((n) => fc.tuple(points(n, 8), fc.array(fc.integer({ min: 1, max: 6 }), { minLength: n, maxLength: n })));
    fc.assert(
      fc.property(cases, ([all, reference]) => {
        expect(dominatedVolume(all, reference)).toBe(counted(all, reference));
      }),
    );
  });

  it("adds nothing for what was not measured", () => {
    expect(
      dominatedVolume(
        [
          [1, Number.NaN],
          [1, -Infinity],
          [1, 1],
        ],
        [2, 3],
      ),
    ).toBe(2);
  });

  it("refuses a reference point that is none", () => {
    expect(() => dominatedVolume([[1]], [Number.NaN])).toThrow(ConfigError);
    expect(() => dominatedVolume([[1, 2]], [3])).toThrow(/must have 1 objectives/);
  });
});
