import { describe, expect, it } from "vitest";
import { figureBundle } from "../../src/viz";
import { GALLERY } from "./gallery";

/** Pictures inside a figure depend on the machine's zlib; that they are there is enough. */
function readable(figure: unknown): string {
  return `${JSON.stringify(figure, null, 1).replace(/data:image\/png;base64,[^"]+/g, "data:image/png;base64,...")}\n`;
}

describe("figures", () => {
  for (const [name, figure] of Object.entries(GALLERY)) {
    it(`${name} is the figure it was`, async () => {
      await expect(readable(figure())).toMatchFileSnapshot(`snapshots/${name}.json`);
    });
  }

  it("name their axes: quantity, and unit where there is one", () => {
    for (const [name, figure] of Object.entries(GALLERY)) {
      const { layout } = figure();
      const titles = Object.entries(layout)
        .filter(([key]) => /^[xy]axis\d*$/.test(key))
        .map(([, axis]) => (axis as { title?: { text: string } }).title?.text);
      expect([name, layout.title.text !== "", layout.width > 0, layout.height > 0]).toEqual([name, true, true, true]);
      // Pictures, graphs, maps and rows of categories have none.
      if (!/sample|montage|map|parallel|cell-graph/.test(name))
        expect(
          titles.some((title) => title),
          name,
        ).toBe(true);
    }
  });

  it("have all forms: plotly's JSON, HTML, SVG and text", async () => {
    for (const [name, figure] of Object.entries(GALLERY)) {
      const bundle = await figureBundle(figure(), false);
      expect(Object.keys(bundle), name).toEqual([
        "application/vnd.plotly.v1+json",
        "text/html",
        "image/svg+xml",
        "text/plain",
      ]);
      expect(String(bundle["image/svg+xml"]), name).toMatch(/^<svg [\s\S]*<\/svg>$/);
    }
  });
});
