import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Box, lengthWithin, placeLabels, stepSegments } from "../../src/viz/label-placement";

const AREA = { width: 354, height: 296 };

function overlaps(a: Box, b: Box): boolean {
  return (
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.01 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.01
  );
}

describe("placeLabels", () => {
  it("keeps names of networks of one cost off the budget's line, the front's, the points and each other", () => {
    // Notebook 06: five random networks and the found one at half of the teacher's cost.
    const names = ["21111101", "11211101", "11101211", "10102211", "21200021", "01111012"];
    const points = names.map((text, i) => ({ text, x: 38 + (i % 3) * 2, y: [90, 120, 128, 184, 208, 258][i] }));
    const budget = { from: { x: 42, y: 0 }, to: { x: 42, y: AREA.height } };
    const front = stepSegments([points[5], points[0], { x: 320, y: 34 }]);
    const name = { left: 49, right: 160, top: 270, bottom: 290 };
    const placements = placeLabels(points, AREA, { lines: [budget, ...front], boxes: [name] });
    for (const [i, { box }] of placements.entries()) {
      for (const line of [budget, ...front]) expect(lengthWithin(line, box), names[i]).toBe(0);
      for (const [j, other] of placements.entries()) if (j !== i) expect(overlaps(box, other.box)).toBe(false);
      for (const { x, y } of points) {
        expect(overlaps(box, { left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 }), names[i]).toBe(false);
      }
      expect(overlaps(box, name)).toBe(false);
      expect([box.left >= 0, box.right <= AREA.width, box.top >= 0, box.bottom <= AREA.height]).not.toContain(false);
    }
  });

  it("puts a lone label right beside its point, wherever that is", () => {
    const place = fc.record({ x: fc.integer({ min: 0, max: 354 }), y: fc.integer({ min: 0, max: 296 }) });
    fc.assert(
      fc.property(place, ({ x, y }) => {
        const [{ box, far }] = placeLabels([{ x, y, text: "found 1" }], AREA);
        expect(far).toBe(false);
        expect([box.left >= 0, box.right <= AREA.width, box.top >= 0, box.bottom <= AREA.height]).not.toContain(false);
      }),
    );
  });

  it("never lays two labels over each other where there is room for all", () => {
    const points = fc.array(fc.record({ x: fc.integer({ min: 40, max: 310 }), y: fc.integer({ min: 20, max: 270 }) }), {
      minLength: 2,
      maxLength: 8,
    });
    fc.assert(
      fc.property(points, (places) => {
        const placements = placeLabels(
          places.map((place, i) => ({ ...place, text: `net ${i}` })),
          AREA,
        );
        for (const [i, { box }] of placements.entries()) {
          for (const other of placements.slice(i + 1)) expect(overlaps(box, other.box)).toBe(false);
        }
      }),
    );
  });
});

describe("lengthWithin", () => {
  it("measures what of a line lies in a box", () => {
    const box = { left: 0, right: 10, top: 0, bottom: 10 };
    const line = (x1: number, y1: number, x2: number, y2: number) => ({ from: { x: x1, y: y1 }, to: { x: x2, y: y2 } });
    expect(lengthWithin(line(5, -5, 5, 20), box)).toBeCloseTo(10);
    expect(lengthWithin(line(-5, -5, 15, 15), box)).toBeCloseTo(Math.hypot(10, 10));
    expect(lengthWithin(line(2, 3, 6, 3), box)).toBeCloseTo(4);
    expect(lengthWithin(line(11, 0, 11, 10), box)).toBe(0);
    expect(lengthWithin(line(-1, 12, 12, 11), box)).toBe(0);
  });
});
