import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  costBars,
  lossCurves,
  opEffects,
  ratedFrontFigure,
  ratingMap,
  sampleImages,
  scientific,
  studyPanels,
  supernetSketch,
  trainingCurve,
} from "../../src/viz";

describe("lossCurves", () => {
  const curves = [0, 1].flatMap((block) =>
    [0, 1].map((cell) => ({ block, cell, at: [0, 10, 20], losses: [1, 0.5, 0.2 + block] })),
  );

  it("gives each block a panel and each cell a line, with one legend entry a cell", () => {
    const { data, layout } = lossCurves(curves);
    expect(data.map(({ xaxis }) => xaxis)).toEqual(["x", "x", "x2", "x2"]);
    expect(data.map(({ showlegend }) => showlegend)).toEqual([true, true, false, false]);
    expect(data[3]).toMatchObject({ x: [0, 10, 20], y: [1, 0.5, 1.2] });
    expect(layout.yaxis).toMatchObject({ type: "log", title: { text: "mean squared error" } });
    expect(JSON.stringify(layout.annotations)).toContain("block 2");
  });

  it("needs no legend for a single cell", () => {
    expect(lossCurves(curves.filter(({ cell }) => cell === 0)).data.some(({ showlegend }) => showlegend)).toBe(false);
  });
});

describe("trainingCurve", () => {
  it("draws loss and accuracies in percent; epochs without a measured accuracy leave no gap", () => {
    const { data } = trainingCurve("teacher", [
      { epoch: 1, loss: 0.9, trainAccuracy: 0.7 },
      { epoch: 2, loss: 0.5, trainAccuracy: 0.8, validationAccuracy: 0.85 },
    ]);
    expect(data.map(({ name }) => name)).toEqual(["training loss", "training accuracy", "validation accuracy"]);
    expect(data[2]).toMatchObject({ x: [2], y: [85] });
  });
});

describe("ratingMap", () => {
  const block = {
    block: 0,
    ops: ["k3 e6", "k5 e6"],
    candidates: [
      { cell: 0, path: [0, 0], score: 0.2 },
      { cell: 0, path: [0, 1], score: 0.4 },
      { cell: 0, path: [1, 0], score: 0.4 },
      { cell: 0, path: [1, 1], score: 0.6 },
    ],
  };

  it("measures an op by its candidates' mean against the cell's mean", () => {
    const effect = (layer: number, op: number) =>
      opEffects(block).find((e) => e.layer === layer && e.op === op)?.effect;
    expect(effect(0, 0)).toBeCloseTo(-0.25);
    expect(effect(1, 1)).toBeCloseTo(0.25);
  });

  it("compares within a cell, so that a worse cell does not hide its best op", () => {
    const both = { ...block, candidates: [...block.candidates, { cell: 1, path: [1], score: 5 }] };
    expect(opEffects(both).find(({ cell }) => cell === 1)?.effect).toBe(0);
    expect(opEffects(both).find(({ cell, layer, op }) => cell === 0 && layer === 0 && op === 0)?.effect).toBeCloseTo(
      -0.25,
    );
  });

  it("is a heat map of ops by layers with a colour range symmetric about no effect", () => {
    const { data, layout } = ratingMap([block]);
    expect(data[0].type).toBe("heatmap");
    const z = data[0].z as number[][];
    expect(z.map((row) => row.map(Math.round))).toEqual([
      [-25, -25],
      [25, 25],
    ]);
    const { cmin, cmax } = layout.coloraxis as { cmin: number; cmax: number };
    expect(cmin).toBeCloseTo(-cmax);
    expect(layout.yaxis).toMatchObject({ ticktext: ["k3 e6", "k5 e6"] });
  });
});

describe("costBars", () => {
  it("shows MACs and parameters of each part", () => {
    const parts = [
      { name: "stem", macs: 1e5, params: 300 },
      { name: "block 1", macs: 2e6, params: 4000 },
    ];
    const { data, layout } = costBars([{ label: "teacher", parts }]);
    expect(data[0]).toMatchObject({ type: "bar", x: ["stem", "block 1"], y: [1e5, 2e6] });
    expect(data[1]).toMatchObject({ y: [300, 4000], xaxis: "x2" });
    expect(layout.yaxis).toMatchObject({ title: { text: "FLOPs (multiply-adds)" } });
  });
});

describe("ratedFrontFigure", () => {
  it("marks the chosen network and the budget", () => {
    const front = [
      { macs: 2e6, score: 1.2 },
      { macs: 1e6, score: 1.4 },
    ];
    const { data, layout } = ratedFrontFigure({ front, best: front[0], budgetMacs: 2.5e6 });
    expect(data[0]).toMatchObject({ x: [1e6, 2e6], y: [1.4, 1.2] });
    expect(String(data[0].name)).toContain("predicted");
    expect(data[1]).toMatchObject({ x: [2e6] });
    expect(layout.shapes).toMatchObject([{ x0: 2.5e6, x1: 2.5e6 }]);
  });
});

describe("supernetSketch", () => {
  it("counts the candidates of each cell and the networks that they stand for", () => {
    const cells = [
      { depth: 2, width: 16, candidates: 36 },
      { depth: 3, width: 16, candidates: 216 },
    ];
    const block = { cells, input: "28x28x1", output: "14x14x16" };
    const { data, layout } = supernetSketch([
      { ...block, block: 0 },
      { ...block, block: 1, cells: cells.slice(0, 1) },
    ]);
    expect(data[0]).toMatchObject({ y: [36, 36] });
    expect(data[1]).toMatchObject({ x: [0], y: [216] });
    expect(layout.title.text).toContain("288 candidates");
    expect(layout.title.text).toContain("9,072 networks");
  });

  it("writes large counts as powers of ten", () => {
    expect(scientific(195_898_498_887_057_408n)).toBe("1.95 \u00d7 10<sup>17</sup>");
    expect(scientific(999_999n)).toBe("999,999");
  });
});

describe("sampleImages", () => {
  it("puts the first images of each class into one picture, a row a class", () => {
    const images = Uint8Array.from([10, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30]);
    const { layout } = sampleImages(
      { dataset: "tiny", classes: ["a", "b"], shape: { height: 2, width: 2, channels: 1 }, images, labels: [1, 0, 1] },
      2,
    );
    const [{ source }] = layout.images as { source: string }[];
    const png = Buffer.from(source.split(",")[1], "base64");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([6, 6]);
    const length = png.readUInt32BE(33);
    const rows = inflateSync(png.subarray(41, 41 + length));
    // Each row: a filter byte, two pixels, a gap of two, two pixels.
    expect([...rows.subarray(1, 7)]).toEqual([20, 20, 255, 255, 255, 255]);
    expect([...rows.subarray(4 * 7 + 1, 4 * 7 + 7)]).toEqual([10, 10, 255, 255, 30, 30]);
    expect(layout.yaxis).toMatchObject({ ticktext: ["a", "b"] });
  });
});

describe("studyPanels", () => {
  it("gives up to ten series a colour each, none of them the reference's or the level's", () => {
    const series = Array.from({ length: 10 }, (_, i) => ({ name: `search ${i}`, x: [1, 2], y: [i, i + 1] }));
    const reference = { name: "reference", x: [1, 2], y: [0, 1] };
    const { data } = studyPanels({
      title: "",
      series,
      reference,
      level: { name: "best", y: 9 },
      xTitle: "",
      yTitle: "",
    });
    const colourOf = (name: string) => (data.find((one) => one.name === name)!.line as { color: string }).color;
    const own = series.map(({ name }) => colourOf(name));
    expect(new Set([...own, colourOf("reference"), colourOf("best")]).size).toBe(12);
  });
});
