import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { notebookPage } from "../../src/notebook";
import { Formulas } from "../../src/notebook/formulas";
import { figureBundle, trainingCurve } from "../../src/viz";
import { notebookOf, temporaryFolder } from "./notebooks";

describe("Formulas", () => {
  const round = (markdown: string) => {
    const formulas = new Formulas();
    return { words: formulas.takeFrom(markdown), html: (page: string) => formulas.putInto(page) };
  };

  it("draws inline, display and environment formulas as MathML that keeps the TeX", () => {
    const { words, html } = round("a $x_1$ b\n\n$$y^2$$\n\n\\begin{align}z\\end{align}");
    expect(words).not.toMatch(/\$|\\begin/);
    const drawn = html(words);
    expect(drawn).toMatch(/<math><semantics>.*<msub><mi>x<\/mi><mn>1<\/mn><\/msub>/);
    expect(drawn.match(/<math/g)).toHaveLength(3);
    expect(drawn).toMatch(/<math display="block"[^>]*>.*<annotation encoding="application\/x-tex">y\^2/);
  });

  it("leaves code, prices and escaped signs alone", () => {
    for (const text of ["`$x$`", "```\n$x$\n```", "from $5 to $6", "\\$x\\$", "a $ b $ c"]) {
      expect(round(text).words).toBe(text);
    }
  });

  it("keeps tags whole where a formula's word stands in an attribute", () => {
    const { words, html } = round("$x$");
    const drawn = html(`<h1 id="${words}">${words}</h1>`);
    expect(drawn).toMatch(/^<h1 id="formula-0"><math/);
  });
});

describe("notebookPage", { timeout: 120_000 }, () => {
  it("is one file: plotly once, formulas drawn, pictures inlined, nothing from the network", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "pictures"));
    await sharp({ create: { width: 2, height: 2, channels: 3, background: "red" } }).toFile(join(folder, "a.png"));
    copyFileSync(join(folder, "a.png"), join(folder, "pictures", "my b.png"));
    const figure = async (title: string, carries: boolean) => ({
      output_type: "display_data" as const,
      metadata: {},
      data: await figureBundle(trainingCurve(title, [{ epoch: 1, loss: 1 }]), carries),
    });
    const notebook = notebookOf([
      { markdown: '# On $L_1$\n\n![a](a.png) <img src="pictures/my%20b.png"> ![c](absent.png)' },
      { code: "let x = 1 < 2;", outputs: [await figure("first", true), await figure("second", true)] },
    ]);
    const { html, missing } = notebookPage(notebook, { title: "My study", folder });
    expect(html).toContain("<title>My study</title>");
    expect(html.match(/window\.blockwisePlotlyPacked="/g)).toHaveLength(1);
    expect(html).toMatch(/<math>[\s\S]*<msub><mi>L<\/mi>/);
    expect(html.match(/<img[^>]*src="data:image\/png;base64,/g)).toHaveLength(2);
    expect(missing).toEqual(["absent.png"]);
    expect(html).not.toMatch(/<(?:script|link|img|iframe)[^>]*(?:src|href)="(?:https?:|file:|\/\/)/);
    expect(html).not.toMatch(/url\(["']?(?:https?:|file:|\/\/)|@import/);
    expect(html).not.toMatch(/<script[^>]*mathjax/i);
  });

  it("brings no plotly along without figures", () => {
    const { html } = notebookPage(notebookOf([{ markdown: "words" }]), { title: "w", folder: "." });
    expect(html).toContain("words");
    expect(html.length).toBeLessThan(700_000);
  });
});
