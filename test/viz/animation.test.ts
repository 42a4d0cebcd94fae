import { expect, it } from "vitest";
import { figureBundle } from "../../src/viz";
import { completeFigure } from "../../src/viz/foreign-figure";

it("a figure's frames are in plotly's own bundle and drawn by the page, and a figure without has none", async () => {
  const data = [{ x: [0, 1], y: [0n, 1n], type: "scatter" }];
  const frames = [{ name: "up", data: [{ y: new Float32Array([1, 0]) }] }];
  const moving = await figureBundle(completeFigure({ data, frames }), false);
  const plain = [{ name: "up", data: [{ y: [1, 0] }] }];
  expect(moving["application/vnd.plotly.v1+json"]).toMatchObject({ data: [{ y: [0, 1] }], frames: plain });
  expect(moving["text/html"]).toContain(`"frames":${JSON.stringify(plain)}`);
  expect(moving["text/html"]).toContain("addFrames");
  const still = await figureBundle(completeFigure({ data }), false);
  expect(still["application/vnd.plotly.v1+json"]).not.toHaveProperty("frames");
});
