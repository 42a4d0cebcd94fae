import { expect, it } from "vitest";
import { DataError } from "../../src/core";
import { publishedCosts, publishedImageNet } from "../../src/systems/dna/published";
import { paretoFigure } from "../../src/viz";

it("published ImageNet networks have a figure of their own; with networks of another data set there is none", () => {
  const published = publishedImageNet();
  const { data, layout } = paretoFigure({ measured: [], published });
  expect(layout.title.text).toContain("ImageNet");
  expect(data).toHaveLength(1);
  expect(data[0].text).toEqual(published.map(({ label }) => label));
  const ours = { dataset: "cifar-10", label: "teacher", kind: "teacher", macs: 1e8, accuracy: 0.93 } as const;
  expect(() => paretoFigure({ measured: [ours], published })).toThrow(DataError);
});

it("published rows have the printed figures, of DNA's own networks too", () => {
  const rows = new Map(publishedImageNet().map((row) => [row.label.toLowerCase(), row]));
  for (const { name, published } of publishedCosts()) {
    const row = rows.get(name.replace("_", "-"));
    expect([row?.macs, row?.accuracy]).toEqual([published.flops * 1e6, published.top1 / 100]);
  }
  expect(rows.get("spos")).toMatchObject({ macs: 472e6, accuracy: 0.748, source: "quoted by BossNAS" });
});
