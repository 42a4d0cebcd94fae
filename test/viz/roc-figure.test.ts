import { expect, it } from "vitest";
import { rocFigure } from "../../src/viz";

const series = [{ name: "a network", far: [0, 0.005, 0.01, 0.1, 1], tar: [0.2, 0.3, 0.5, 0.9, 1] }];

it("draws true against false accept rates from one pair falsely accepted on", () => {
  const { data, layout } = rocFigure({ title: "ROC", series, pairs: 100 });
  expect(data[0]).toMatchObject({ name: "a network", x: [0.01, 0.1, 1], y: [50, 90, 100] });
  expect(layout).toMatchObject({ xaxis: { type: "log", range: [-2, 0] } });
});

it("refuses no series, and rates of another number", () => {
  expect(() => rocFigure({ title: "ROC", series: [], pairs: 100 })).toThrow(/there must be a series/);
  const odd = [{ name: "odd", far: [0, 1], tar: [0] }];
  expect(() => rocFigure({ title: "ROC", series: odd, pairs: 100 })).toThrow(/series "odd" must have one length/);
});
