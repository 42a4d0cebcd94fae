import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
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

describe("notebookPage", () => {
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

  it("finds each picture by its name, however Markdown and HTML write it", async () => {
    const folder = temporaryFolder();
    const red = await sharp({ create: { width: 2, height: 2, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    const names = ["acc 90%.png", "acc_90%.png", "run#1.png", "q?.png", "a&b.png", "one.png", "plain.png", "v.png"];
    for (const name of names) writeFileSync(join(folder, name), red);
    writeFileSync(
      join(folder, "drawn.svg"),
      '<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    );
    const cells = [
      "![](<acc 90%.png>)",
      '<img src="acc_90%.png">',
      "![](run%231.png)",
      "![](q%3F.png)",
      "![](a&b.png)",
      "<img alt='a > b' src='one.png'>",
      "<IMG SRC=plain.png>",
      "![](v.png?raw=true)",
      "![](drawn.svg)",
      "![](attachment:Screen%20Shot%201.png) ![](<attachment:Screen Shot 1.png>)",
    ].map((markdown) => ({ markdown }));
    const notebook = notebookOf(cells);
    const attachments = { "Screen Shot 1.png": { "image/png": red.toString("base64") } };
    Object.assign(notebook.cells[cells.length - 1], { attachments });
    const { html, missing } = notebookPage(notebook, { title: "w", folder });
    expect(missing).toEqual([]);
    expect(html.match(/src="data:image\/(png|svg\+xml);base64,/gi)).toHaveLength(cells.length + 1);
  });

  it("names what it cannot put into the page: absent files, folders, and whatever is no picture, links included", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "folder.png"));
    writeFileSync(join(folder, "words.png"), "root:x:0:0:root");
    symlinkSync("/etc/passwd", join(folder, "link.png"));
    const { html, missing } = notebookPage(
      notebookOf([
        { markdown: "![](folder.png) ![](words.png) ![](link.png) ![](absent%20one.png)" },
        { markdown: "![](attachment:none.png) <img src='https://example.org/x.png'>" },
        { markdown: '<video poster="p.png"><source src="film.mp4"></video><img src="words.png" srcset="a.png 2x">' },
      ]),
      { title: "w", folder },
    );
    expect(missing).toEqual([
      ...["folder.png", "words.png", "link.png", "absent%20one.png"],
      ...["attachment:none.png", "https://example.org/x.png", "p.png", "film.mp4", "words.png"],
    ]);
    expect(html).not.toContain(Buffer.from("root:x:0").toString("base64").slice(0, 10));
  });

  it("lists its sections and folds its code, without any script from elsewhere", () => {
    const notebook = notebookOf([
      { markdown: "# A study" },
      { markdown: "## On $L_1$ & more\n\n```sh\nnpm test\n```" },
      { code: "let x = 1;\nx" },
      { markdown: "### Part\n\n## Again\n\n## Again" },
    ]);
    const { html } = notebookPage(notebook, { title: "w", folder: "." });
    const nav = html.match(/<nav class="blockwise-contents">[\s\S]*<\/nav>/)?.[0] ?? "";
    expect(nav.match(/<li/g)).toHaveLength(4);
    expect(nav).toMatch(/On <math>[\s\S]*<\/math> &amp; more/);
    for (const [, id] of nav.matchAll(/href="#([^"]+)"/g)) expect(html).toContain(`id="${decodeURI(id)}"`);
    expect(nav).toMatch(/#Again"[\s\S]*#Again-2"/);
    expect(html.match(/<details class="blockwise-code" open><summary>code, 2 lines<\/summary>/g)).toHaveLength(1);
    const folded = notebookPage(notebook, { title: "w", folder: ".", foldCode: true }).html;
    expect(folded).toContain('<details class="blockwise-code"><summary>');
  });

  it("draws stored figures as this version does, whatever version stored them", async () => {
    const data = await figureBundle(trainingCurve("old", [{ epoch: 1, loss: 1 }]), false);
    const old = { ...data, "text/html": '<div class="blockwise-figure x">an older way</div>' };
    const outputs = [{ output_type: "display_data" as const, metadata: {}, data: old }];
    const { html } = notebookPage(notebookOf([{ code: "1", outputs }]), { title: "w", folder: "." });
    expect(html).not.toContain("an older way");
    expect(html).toContain(String(data["text/html"]).slice(0, 60));
  });

  it("brings no plotly along without figures", () => {
    const { html } = notebookPage(notebookOf([{ markdown: "words" }]), { title: "w", folder: "." });
    expect(html).toContain("words");
    expect(html.length).toBeLessThan(700_000);
  });
});
