import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Notebook, notebookPage } from "../../src/notebook";
import { figureBundle, selfContainedPage, tableHtml } from "../../src/viz";
import { GALLERY } from "../viz/gallery";
import { Complaints, openBrowser, screenshot } from "./browser";

const FIGURES = Object.entries(GALLERY);
/** What words need on their ground to be read; WCAG asks 3 for large ones, 4.5 for small ones. */
const READABLE = 3;

let browser: Browser;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "blockwise-pages-"));
  browser = await openBrowser();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens a file in a page that can reach nothing else. */
async function open(name: string, html: string, colorScheme: "light" | "dark") {
  const path = join(folder, name);
  writeFileSync(path, html);
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme });
  const complaints = new Complaints(page);
  await page.goto(String(pathToFileURL(path)));
  return { page, complaints };
}

/** Waits until all figures are drawn; returns in what colours. */
async function drawn(page: Page, count = FIGURES.length): Promise<string[]> {
  await page.waitForFunction(
    (wanted) => document.querySelectorAll(".blockwise-figure[data-drawn] .main-svg").length >= wanted,
    count,
    { timeout: 60_000 },
  );
  return page
    .locator(".blockwise-figure")
    .evaluateAll((boxes) => boxes.map((box) => box.getAttribute("data-drawn") ?? ""));
}

/** Words whose colour is hard to tell from the ground: "figure: words (contrast)". */
function faintWords(page: Page, ground: readonly [number, number, number]): Promise<string[]> {
  return page.evaluate(
    ({ ground, least }) => {
      const luminance = (rgb: readonly number[]) => {
        const [r, g, b] = rgb.map((value) => {
          const share = value / 255;
          return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const contrast = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      return [...document.querySelectorAll("figure")].flatMap((figure) =>
        [...figure.querySelectorAll("text")]
          // Words on boxes have the boxes' colours as ground.
          .filter((text) => !text.closest(".bars, .heatmaplayer, .hm, .modebar") && text.textContent?.trim() !== "")
          .flatMap((text) => {
            const fill = (getComputedStyle(text).fill.match(/[\d.]+/g) ?? []).map(Number).slice(0, 3);
            const value = contrast(luminance(fill), luminance(ground));
            return value < least ? [`${figure.id}: ${text.textContent} (${value.toFixed(1)})`] : [];
          }),
      );
    },
    { ground, least: READABLE },
  );
}

describe("a page of all figures", () => {
  let html: string;
  beforeAll(async () => {
    const table = { title: "Costs", note: "a note", columns: ["network", "FLOPs"], rows: [["teacher", "9.00M"]] };
    html = await selfContainedPage(
      "Gallery",
      FIGURES.map(([heading, figure]) => ({ heading, figures: [figure()], tables: [table] })),
    );
  }, 120_000);

  for (const [scheme, ground] of [
    ["light", [255, 255, 255]],
    ["dark", [30, 30, 30]],
  ] as const) {
    it(`is readable in ${scheme}, drawn by plotly from the page itself`, async () => {
      const { page, complaints } = await open(`gallery-${scheme}.html`, html, scheme);
      expect(new Set(await drawn(page))).toEqual(new Set([scheme]));
      expect(await faintWords(page, ground)).toEqual([]);
      const words = await page
        .locator(".blockwise-table td")
        .first()
        .evaluate((cell) => getComputedStyle(cell).color);
      expect(words).toBe(scheme === "light" ? "rgb(38, 38, 38)" : "rgb(230, 230, 230)");
      await page.screenshot({ path: screenshot(`gallery-${scheme}`), fullPage: true });
      expect(complaints.errors).toEqual([]);
      expect(complaints.outside).toEqual([]);
      await page.close();
    }, 120_000);
  }

  it("has static pictures that are dark where dark is preferred, for readers without scripts", async () => {
    const figures = html.match(/<img [^>]*src="data:image\/svg\+xml,[^"]*"[^>]*>/g) ?? [];
    expect(figures).toHaveLength(FIGURES.length);
    const { page } = await open("static.html", `<body style="margin:0;color-scheme:dark">${figures[0]}</body>`, "dark");
    const corner = await page.screenshot({ clip: { x: 2, y: 2, width: 1, height: 1 } });
    const grey = await page.evaluate(async (png) => {
      const image = new Image();
      image.src = `data:image/png;base64,${png}`;
      await image.decode();
      const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d")!;
      context.drawImage(image, 0, 0);
      return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    }, corner.toString("base64"));
    expect(grey).toEqual([30, 30, 30]);
    await page.close();
  });
});

describe("a notebook as one HTML page", () => {
  it("draws its figures without anything but itself", async () => {
    const outputs = await Promise.all(
      FIGURES.map(async ([, figure], i) => ({
        output_type: "execute_result",
        execution_count: i + 1,
        metadata: {},
        data: (await figureBundle(figure(), i === 0)) as Record<string, string>,
      })),
    );
    const notebook = {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { kernelspec: { name: "blockwise", display_name: "Blockwise (TypeScript)", language: "typescript" } },
      cells: outputs.map((output, i) => ({
        cell_type: "code",
        id: `cell-${i}`,
        metadata: {},
        execution_count: i + 1,
        source: "figure",
        outputs: [output],
      })),
    };
    const { html } = notebookPage(notebook as unknown as Notebook, { title: "Figures", folder });
    const { page, complaints } = await open("notebook.html", html, "light");
    expect(new Set(await drawn(page))).toEqual(new Set(["light"]));
    await page.screenshot({ path: screenshot("nbconvert"), fullPage: true });
    expect(complaints.errors).toEqual([]);
    expect(complaints.outside).toEqual([]);
    await page.close();
  }, 120_000);
});

describe("a figure in JupyterLab's themes", () => {
  it("follows them when they change, over the page's own ground", async () => {
    const [[, front]] = FIGURES.filter(([name]) => name === "pareto-front");
    const bundle = await figureBundle(front(), true);
    // What JupyterLab 4 sets for a theme: attributes of the body, and the ground as a variable.
    const style = `<style>body{--jp-layout-color0:#111111;--jp-ui-font-color1:#fff;color:var(--jp-ui-font-color1)}
body[data-jp-theme-light=true]{--jp-layout-color0:#fff;--jp-ui-font-color1:#212121}
.jp-Notebook{background:var(--jp-layout-color0)}</style>`;
    const table = tableHtml({ title: "Costs", columns: ["network", "FLOPs"], rows: [["teacher", "9.00M"]] });
    const html = `<!DOCTYPE html><html><head>${style}</head><body data-jp-theme-light="false" data-jp-theme-name="JupyterLab Dark"><div class="jp-Notebook"><figure>${bundle["text/html"]}</figure>${table}</div></body></html>`;
    const { page, complaints } = await open("lab.html", html, "light");
    expect(await drawn(page, 1)).toEqual(["dark"]);
    expect(await faintWords(page, [17, 17, 17])).toEqual([]);
    await page.screenshot({ path: screenshot("jupyterlab-dark") });
    await page.evaluate(() => {
      document.body.setAttribute("data-jp-theme-light", "true");
      document.body.setAttribute("data-jp-theme-name", "JupyterLab Light");
    });
    await page.locator(".blockwise-figure[data-drawn=light]").waitFor({ timeout: 10_000 });
    expect(await faintWords(page, [255, 255, 255])).toEqual([]);
    await page.screenshot({ path: screenshot("jupyterlab-light") });
    expect(complaints.errors).toEqual([]);
    await page.close();
  }, 90_000);
});
