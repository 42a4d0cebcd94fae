import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { PagePictures } from "../../src/notebook/page-pictures";

const temporaryFolder = () => mkdtempSync(join(tmpdir(), "page-pictures-"));

describe("the pictures of a page", () => {
  it("finds pictures of objects, frames, styles and <picture>, and names those that are absent", async () => {
    const folder = temporaryFolder();
    const red = await sharp({ create: { width: 2, height: 2, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    for (const name of ["o.png", "f.png", "s.png", "t.png", "dark.png", "i.png", "set.png"]) {
      writeFileSync(join(folder, name), red);
    }
    writeFileSync(join(folder, "page.html"), "<p>words</p>");
    const made = (page: string) => {
      const pictures = new PagePictures(folder);
      return { html: pictures.putInto(page), missing: pictures.missing };
    };
    const count = (html: string) => html.split(red.toString("base64")).length - 1;
    const taken: readonly [html: string, pictures: number][] = [
      ['<object data="o.png" type="image/png" data-x="gone.png"></object>', 1],
      ['<iframe src="f.png"></iframe><iframe src="about:blank"></iframe>', 1],
      ["<div style=\"background: url('s.png') no-repeat, url(t.png)\">words: url(gone.png)</div>", 2],
      ['<style>.a { background: url("s.png") } .b { clip-path: url(#b) }</style>', 1],
      [
        '<picture><source media="(prefers-color-scheme: dark)" srcset="dark.png 1x, dark2.png 2x"><img src="i.png"></picture>',
        2,
      ],
      ['<picture><source srcset="gone.webp" type="image/webp"><img src="i.png"></picture>', 1],
      ['<img srcset="set.png 1x, gone.png 2x">', 1],
    ];
    for (const [html, pictures] of taken) {
      const { html: page, missing } = made(html);
      expect(missing, html).toEqual([]);
      expect(count(page), html).toBe(pictures);
    }
    const absent: readonly [html: string, missing: string][] = [
      ['<object data="gone.svg"></object>', "gone.svg"],
      ['<iframe src="page.html"></iframe>', "page.html"],
      ['<iframe src="https://example.org/film"></iframe>', "https://example.org/film"],
      ["<p style='background: url(gone.png)'>x</p>", "gone.png"],
      ['<style>.a { background: url("https://example.org/x.png") }</style>', "https://example.org/x.png"],
      ['<picture><source srcset="gone.webp"><img src="gone.png"></picture>', "gone.png"],
    ];
    for (const [html, name] of absent) expect(made(html).missing, html).toEqual([name]);
  });
});
