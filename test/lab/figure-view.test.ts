import { describe, expect, it } from "vitest";
import { FigureView } from "../../src/lab/display/figure-view";
import { PlotlyCarrier } from "../../src/lab/display/plotly-carrier";
import { showTogether } from "../../src/lab/display/show";
import { Table } from "../../src/lab/display/table";
import { trainingCurve } from "../../src/viz";
import { inNotebook } from "./recording-host";

describe("PlotlyCarrier", () => {
  it("lets the first figure of a notebook bring plotly, also when its cell runs again", () => {
    const carrier = new PlotlyCarrier();
    expect(["a", "b", "a", "c"].map((title) => carrier.carries(title))).toEqual([true, false, true, false]);
  });
});

describe("showTogether", () => {
  const parts = [
    new Table({ columns: ["x"], rows: [[1]] }),
    new FigureView(trainingCurve("net", [{ epoch: 1, loss: 1 }])),
  ] as const;

  it("gives each part an output of its own in a notebook, so that a figure keeps all its forms", () =>
    inNotebook(async (host) => {
      const result = await showTogether(...parts);
      expect(Object.keys(result)).toContain("application/vnd.plotly.v1+json");
      expect(host.outputs()[0]["text/html"]).toContain("<table");
    }));

  it("joins the parts elsewhere", async () => {
    const joined = await showTogether(...parts);
    expect(joined["text/html"]).toMatch(/<table[\s\S]*blockwise-/);
    expect(joined["text/plain"]).toMatch(/x\n-\n1\n\n\[figure/);
  });
});
