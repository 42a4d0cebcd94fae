import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DISPLAY, type MimeBundle } from "../../src/display-protocol";
import { lab } from "../../src/lab";
import { danfo } from "../../src/lab/display/data-frame";
import { viewOf, viewOfAny } from "../../src/lab/display/view";
import { encodePng } from "../../src/viz/png";
import { inNotebook } from "./recording-host";

async function bundle(value: unknown): Promise<MimeBundle> {
  return viewOfAny(value)[DISPLAY]();
}

function tensor(shape: number[], values: number[], dtype = "float32") {
  return { shape, dtype, dataSync: () => Float32Array.from(values) };
}

/** Width, height and the rows of pixels of a PNG. */
function decode(picture: MimeBundle): { width: number; height: number; rows: number[][] } {
  const png = Buffer.from(String(picture["image/png"]), "base64");
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const raw = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
  const stride = raw.length / height;
  return {
    width,
    height,
    rows: Array.from({ length: height }, (_, y) => [...raw.subarray(y * stride + 1, (y + 1) * stride)]),
  };
}

describe("plotly figures of users", () => {
  it("are shown in all forms, with a size and their own title", async () => {
    const figure = {
      data: [{ x: [1, 2], y: new Float32Array([3, 4]) }],
      layout: { title: "Mine", colorway: ["#123456"] },
    };
    const shown = await bundle(figure);
    expect(Object.keys(shown)).toEqual(["application/vnd.plotly.v1+json", "text/html", "image/svg+xml", "text/plain"]);
    expect(shown["application/vnd.plotly.v1+json"]).toMatchObject({
      data: [{ x: [1, 2], y: [3, 4] }],
      layout: { title: { text: "Mine" }, colorway: ["#123456"], width: 700, height: 450 },
    });
    expect(shown["image/svg+xml"]).toContain("Mine");
    expect(shown["text/plain"]).toBe("[figure: Mine]");
  });

  it("may have whole numbers of any size: plotly draws them as floats", async () => {
    const shown = await bundle({ data: [{ x: [1n, 2n ** 60n], y: new BigInt64Array([3n, 4n]) }] });
    expect(shown["application/vnd.plotly.v1+json"]).toMatchObject({ data: [{ x: [1, 2 ** 60], y: [3, 4] }] });
  });

  it("may lack a layout", async () => {
    expect((await bundle({ data: [{ type: "bar", y: [1] }] }))["text/plain"]).toBe("[figure: untitled]");
  });

  it("in three dimensions ask the kernel for all of plotly, and have no static picture", async () => {
    const shown = await bundle({ data: [{ type: "scatter3d", x: [1], y: [1], z: [1] }] });
    expect(shown["image/svg+xml"]).toBeUndefined();
    expect(shown["text/html"]).toContain("plotly.min.js");
  });

  it("are not mistaken for other objects with data", () => {
    for (const value of [{ data: [] }, { data: [1, 2] }, { data: "x" }, { data: [{ id: 1 }] }]) {
      expect(viewOf(value)).toBeUndefined();
    }
  });
});

describe("data frames and series of danfojs-node", () => {
  it("are tables, whoever made them", async () => {
    const { DataFrame } = await danfo();
    const frame = new DataFrame([[1, "a"]], { columns: ["number", "letter"] });
    expect((await bundle(frame))["text/html"]).toMatch(/<table[\s\S]*letter[\s\S]*<td[^>]*>a</);
    const series = await bundle(frame.column("letter"));
    expect(series["text/html"]).toMatch(/<table[\s\S]*letter[\s\S]*<td[^>]*>a</);
    expect(series["text/plain"]).toContain("letter");
  });

  it("show the names of their rows", async () => {
    const { DataFrame } = await danfo();
    const frame = new DataFrame(
      [
        ["a", 3],
        ["b", 2],
      ],
      { columns: ["net", "ms"] },
    );
    expect((await bundle(frame.sortValues("ms")))["text/plain"]).toBe("   net  ms\n-  ---  --\n1  b     2\n0  a     3");
    const described = String((await bundle(frame.describe()))["text/plain"]);
    for (const name of ["count", "mean", "std", "min", "median", "max", "variance"]) expect(described).toContain(name);
  });

  it("leave missing values out: sorted last, not counted, never 0", async () => {
    const { DataFrame, Series } = await danfo();
    const rows = [
      ["a", null],
      ["b", 2],
      ["a", 4],
      ["c", Number.NaN],
      ["b", 1],
    ];
    const frame = new DataFrame(rows, { columns: ["net", "ms"] });
    const names = (sorted: { values: unknown[] }) => (sorted.values as unknown[][]).map(([name]) => name);
    expect(names(frame.sortValues("ms"))).toEqual(["b", "b", "a", "a", "c"]);
    expect(names(frame.sortValues("ms", { ascending: false }))).toEqual(["a", "b", "b", "a", "c"]);
    expect(frame.sortValues("ms").index).toEqual([4, 1, 2, 0, 3]);
    expect(new Series([3, null, 1]).sortValues().values).toEqual([1, 3, null]);
    const described = frame.describe();
    expect(described.index).toEqual(["count", "mean", "std", "min", "median", "max", "variance"]);
    expect((described.values as number[][]).map(([value]) => value)).toEqual([
      3,
      7 / 3,
      expect.closeTo(1.5275, 4),
      1,
      2,
      4,
      expect.closeTo(7 / 3, 10),
    ]);
    const grouped = (of: "mean" | "min" | "count" | "std") => frame.groupby(["net"]).col(["ms"])[of]().values;
    expect(grouped("mean")).toEqual([
      ["a", 4],
      ["b", 1.5],
      ["c", Number.NaN],
    ]);
    expect(grouped("min")).toEqual([
      ["a", 4],
      ["b", 1],
      ["c", Number.NaN],
    ]);
    expect(grouped("count")).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 0],
    ]);
    expect(grouped("std")).toEqual([
      ["a", Number.NaN],
      ["b", expect.closeTo(Math.SQRT1_2, 6)],
      ["c", Number.NaN],
    ]);
    expect(() => frame.sortValues("m")).toThrow(/must be one of the columns net, ms/);
    expect(() => new DataFrame([["a"]], { columns: ["net"] }).describe()).toThrow(/a column of numbers/);
  });
});

describe("images", () => {
  it("given as tensors [height, width, channels] become PNGs, enlarged where they are small", async () => {
    const picture = await bundle(tensor([2, 2, 1], [0, 0.5, 1, 0]));
    const { width, height, rows } = decode(picture);
    expect([width, height]).toEqual([112, 112]);
    expect([rows[0][0], rows[0][111], rows[111][0], rows[111][111]]).toEqual([0, 128, 255, 0]);
    expect(picture["text/plain"]).toBe("[image 2x2x1]");
  });

  it("keep whole numbers as they are and stretch what lies outside 0..1", async () => {
    expect(decode(await bundle(tensor([1, 2, 1], [7, 200], "int32"))).rows[0].at(-1)).toBe(200);
    expect(decode(await bundle(tensor([1, 2], [-3, 5]))).rows[0][0]).toBe(0);
  });

  it("of a batch stand in a row", async () => {
    const { width } = decode(await bundle(tensor([3, 2, 2, 3], Array(36).fill(0.5))));
    expect(width).toBe(3 * 112 + 2 * 2);
  });

  it("given as the bytes of a PNG stay these bytes", async () => {
    const png = encodePng(Uint8Array.of(1, 2), 2, 1, 1);
    expect((await bundle(Buffer.from(png)))["image/png"]).toBe(Buffer.from(png).toString("base64"));
    expect(viewOf(Buffer.from("text"))).toBeUndefined();
  });

  it("are not made of tensors that are none", async () => {
    expect((await bundle(tensor([2, 2, 7], Array(28).fill(0))))["image/png"]).toBeUndefined();
  });
});

describe("lab.show", () => {
  it("shows each value below the cell, at once", () =>
    inNotebook(async (host) => {
      await lab.show({ data: [{ y: [1] }] }, "words", { a: 1 });
      expect(host.outputs().map((output) => output["text/plain"])).toEqual(["[figure: untitled]", "words", "{ a: 1 }"]);
    }));

  it("does nothing outside a notebook", async () => {
    await expect(lab.show("words")).resolves.toBeUndefined();
  });
});
