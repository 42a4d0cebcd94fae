import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core";
import { type MeasuredNetwork, nonDominated, paretoFigure } from "../../src/viz";

const measured: MeasuredNetwork[] = [
  { dataset: "fashion-mnist", label: "teacher", kind: "teacher", macs: 9e6, params: 8e5, accuracy: 0.921 },
  { dataset: "fashion-mnist", label: "found 1", kind: "found", macs: 2e6, accuracy: 0.9 },
  { dataset: "fashion-mnist", label: "found 2", kind: "found", macs: 4e6, accuracy: 0.912 },
  { dataset: "fashion-mnist", label: "random 1", kind: "random", macs: 4.1e6, accuracy: 0.905 },
];
const prediction = {
  predictedFront: [
    { macs: 4e6, score: 1.0 },
    { macs: 2e6, score: 1.2 },
  ],
  predicted: [{ label: "found 1", kind: "found" as const, macs: 2e6, score: 1.2 }],
};

describe("paretoFigure", () => {
  it("names the axis FLOPs (multiply-adds) and the accuracy in percent", () => {
    const { layout, data } = paretoFigure({ measured });
    expect(layout.xaxis).toMatchObject({ title: { text: "FLOPs (multiply-adds)" } });
    expect(layout.yaxis).toMatchObject({ title: { text: "test accuracy (%)" } });
    expect(data.find(({ name }) => name === "teacher")).toMatchObject({ x: [9e6], y: [92.10000000000001] });
    expect(layout.title.text).toContain("fashion-mnist");
  });

  it("says of looked-up accuracies no more than that, and names up to six random networks", () => {
    const random = [0.9, 0.905, 0.895, 0.91, 0.89].map((accuracy, i) => ({
      ...measured[3],
      label: `r${i + 1}`,
      accuracy,
    }));
    const record = { measured: [...measured.slice(0, 3), ...random] };
    const names = (of: ReturnType<typeof paretoFigure>) => of.data.map(({ name }) => name);
    expect(names(paretoFigure(record))).toContain("found by rating, retrained");
    const lookedUp = paretoFigure({ ...record, accuraciesFrom: "table" });
    expect(names(lookedUp)).toEqual(expect.arrayContaining(["found by rating", "random at equal MACs"]));
    expect(names(lookedUp).join()).not.toContain("retrained");
    const texts = (lookedUp.layout.annotations as { text: string }[]).map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(["r1", "r2", "r3", "r4", "r5"]));
  });

  it("draws many random networks as a cloud without names, the shrunk teacher as a curve, errors as bars that fit", () => {
    const random = [0.9, 0.905, 0.895, 0.91].map(
      (accuracy, i): MeasuredNetwork => ({ ...measured[3], label: `random ${i + 1}`, accuracy, standardError: 0.003 }),
    );
    const shrunk = [4e6, 2e6].map(
      (macs): MeasuredNetwork => ({
        ...measured[0],
        kind: "shrunk",
        label: `shrunk ${macs}`,
        macs,
        accuracy: macs / 1e8 + 0.8,
        standardError: 0.02,
        curve: "width",
      }),
    );
    const { data, layout } = paretoFigure({ measured: [measured[0], ...random, ...shrunk], errorWords: "of 9 images" });
    const words = (layout.annotations as { text: string }[]).map(({ text }) => text);
    expect(words.filter((text) => text.startsWith("random"))).toEqual([]);
    expect(words).toEqual(expect.arrayContaining(["teacher", "shrunk 4000000", "shrunk 2000000"]));
    expect(data.find(({ name }) => name === "width")).toMatchObject({ mode: "lines", x: [2e6, 4e6] });
    const bars = data.find(({ name, mode }) => name === "teacher shrunk uniformly" && mode === "markers");
    expect((bars!.error_y as { array: number[] }).array).toEqual([2, 2]);
    expect(layout.title.text).toContain("bars: one standard error of 9 images");
    // The lowest bar ends at 82 - 2 %.
    expect((layout.yaxis as { range: number[] }).range[0]).toBeLessThan(80);
    expect(paretoFigure({ measured }).data.some((trace) => "error_y" in trace)).toBe(false);
  });

  it("draws against latency where every network has one of the same place, and refuses else", () => {
    const timed = measured.map((network, i) => ({ ...network, latencyMs: 4 - i, latencyOf: "chromium-wasm on A & B" }));
    const { layout, data } = paretoFigure({ measured: timed, cost: "latencyMs", budgets: [{ macs: 2e6 }] });
    expect(layout.xaxis).toMatchObject({ title: { text: "latency (ms) on chromium-wasm on A &amp; B" } });
    expect(data.find(({ name }) => name === "teacher")).toMatchObject({ x: [4] });
    expect(data.find(({ name }) => name === "measured front")).toMatchObject({ x: [1, 2, 4] });
    expect(data.map(({ name }) => name)).toContain("random at equal latency, retrained");
    expect(layout.shapes).toEqual([]);
    const rated = [
      { macs: 2e6, score: 1.2, latencyMs: 3, latencyOf: "chromium-wasm on A & B" },
      { macs: 4e6, score: 1.0, latencyMs: 2, latencyOf: "chromium-wasm on A & B" },
    ];
    const beside = paretoFigure({ measured: timed, cost: "latencyMs", predictedFront: rated }).data;
    expect(beside.find(({ name }) => name === "predicted front")).toMatchObject({ x: [2], y: [1] });
    const lacking = [timed[0], measured[1]];
    expect(() => paretoFigure({ measured: lacking, cost: "latencyMs" })).toThrow(/1 of 2 have none \(found 1 first\)/);
    const elsewhere = [timed[0], { ...timed[1], latencyOf: "a phone" }];
    expect(() => paretoFigure({ measured: elsewhere, cost: "latencyMs" })).toThrow(/they are of .* on A & B, a phone/);
  });

  it("joins only networks that no other beats in both", () => {
    const line = paretoFigure({ measured }).data.find(({ name }) => name === "measured front");
    expect(line).toMatchObject({ x: [2e6, 4e6, 9e6], y: [90, 91.2, 92.10000000000001] });
  });

  it("labels every network and keeps its kind apart by colour and symbol", () => {
    const { data, layout } = paretoFigure({ measured });
    const marks = data.filter(({ mode }) => mode === "markers");
    expect(marks.flatMap(({ text }) => text).sort()).toEqual(["found 1", "found 2", "random 1", "teacher"]);
    const words = (layout.annotations as { text: string }[]).map(({ text }) => text);
    expect(words).toEqual(expect.arrayContaining(["teacher", "found 1", "found 2", "random 1"]));
    const looks = marks.map(({ marker }) => marker as { color: string; symbol: string });
    expect(new Set(looks.map(({ color }) => color)).size).toBe(3);
    expect(new Set(looks.map(({ symbol }) => symbol)).size).toBe(3);
  });

  it("draws the rated front in a panel of its own and calls it predicted", () => {
    const { data, layout } = paretoFigure({ measured, ...prediction });
    const line = data.find(({ name }) => name === "predicted front");
    expect(line).toMatchObject({ xaxis: "x2", yaxis: "y2", x: [2e6, 4e6], y: [1.2, 1.0] });
    expect((layout.yaxis2 as { title: { text: string } }).title.text).toContain("predicted");
    const [lower, upper] = (layout.yaxis2 as { range: number[] }).range;
    expect(lower).toBeGreaterThan(upper);
  });

  it("names random networks beside the rated front as long as they are few", () => {
    const named = (count: number) => {
      const random = Array.from({ length: count }, (_, i) => ({
        ...measured[3],
        label: `random ${i + 1}`,
        score: 1 + i / 50,
      }));
      const predicted = [...prediction.predicted, ...random];
      const { annotations } = paretoFigure({ measured, ...prediction, predicted }).layout;
      const words = annotations as { text: string; xref: string }[];
      return words.filter(({ text, xref }) => xref === "x2" && text.startsWith("random")).length;
    };
    expect([named(6), named(7)]).toEqual([6, 0]);
  });

  it("has no second panel without a prediction", () => {
    expect(paretoFigure({ measured }).layout.xaxis2).toBeUndefined();
  });

  it("refuses networks measured on different data sets, naming both", () => {
    const mixed = [...measured, { ...measured[1], dataset: "cifar10" }];
    expect(() => paretoFigure({ measured: mixed })).toThrow(DataError);
    expect(() => paretoFigure({ measured: mixed })).toThrow(/fashion-mnist, cifar10/);
  });

  it("refuses to draw nothing", () => {
    expect(() => paretoFigure({ measured: [] })).toThrow(/at least one measured network/);
  });

  it("has a logarithmic axis where costs span more than a decade", () => {
    const far = [...measured, { ...measured[0], label: "larger", macs: 9e8 }];
    expect(paretoFigure({ measured: far }).layout.xaxis).toMatchObject({ type: "log" });
    expect(paretoFigure({ measured }).layout.xaxis).toMatchObject({ type: "linear" });
  });
});

describe("nonDominated", () => {
  it("keeps an item exactly if no other equals or beats it in both costs", () => {
    const point = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 30 }), (points) => {
        const kept = nonDominated(points, (p) => p);
        const beats = (a: number[], b: number[]) => a[0] <= b[0] && a[1] <= b[1] && (a[0] < b[0] || a[1] < b[1]);
        for (const p of kept) expect(points.some((q) => beats(q, p))).toBe(false);
        for (const p of points) {
          expect(kept.some((q) => beats(q, p) || (q[0] === p[0] && q[1] === p[1]))).toBe(true);
        }
      }),
    );
  });
});
