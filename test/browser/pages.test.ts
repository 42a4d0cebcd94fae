import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Notebook, notebookPage } from "../../src/notebook";
import { figureBundle, paretoFigure, selfContainedPage, tableHtml } from "../../src/viz";
import { GALLERY } from "../viz/gallery";
import { Complaints, newPage, openBrowser, screenshot } from "./browser";

const FIGURES = Object.entries(GALLERY);
/** What words need on their ground to be read; WCAG asks 3 for large ones, 4.5 for small ones. */
const READABLE = 3;

let browser: Browser;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "blockwise-pages-"));
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens a file in a page that can reach nothing else. */
async function open(name: string, html: string, colorScheme: "light" | "dark", width = 1200) {
  const path = join(folder, name);
  writeFileSync(path, html);
  const page = await newPage(browser, { viewport: { width, height: 900 }, colorScheme });
  const complaints = new Complaints(page);
  await page.goto(String(pathToFileURL(path)));
  return { page, complaints };
}

/** Waits until all figures are drawn; returns in what colours. */
async function drawn(page: Page, count = FIGURES.length): Promise<string[]> {
  await page.waitForFunction(
    (wanted) => document.querySelectorAll(".blockwise-figure[data-drawn] .main-svg").length >= wanted,
    count,
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
  });

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
      await screenshot(page, `gallery-${scheme}`, { fullPage: true });
      expect(complaints.errors).toEqual([]);
      expect(complaints.outside).toEqual([]);
      await page.close();
    });
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
    await screenshot(page, "nbconvert", { fullPage: true });
    expect(complaints.errors).toEqual([]);
    expect(complaints.outside).toEqual([]);
    await page.close();
  });
});

/** Tables as others make them. */
const WIDE = ["", "", ""].map((_, line) => `|${(line === 1 ? "-|" : "a0000000|").repeat(20)}`).join("\n");
const FOREIGN = `<table border="1"><tr>${"<td>h1234567890</td>".repeat(20)}</tr></table>`;

/** A study as people share it: words, wide tables, long code, printed text, figures. */
async function study(): Promise<string> {
  const wide = {
    title: "Costs",
    columns: Array.from({ length: 24 }, (_, i) => `quantity ${i}`),
    note: `Recipe: {${'"epochs":5,'.repeat(40)}}`,
    rows: [Array.from({ length: 24 }, (_, i) => 1000.5 * i)],
  };
  const timm = {
    columns: ["", "value"],
    rows: [["in timm's words", "ds_r1_k3_s1_e1_c16_se0.25,ir_r1_k3_s2_e6_c24_se0.25|".repeat(7)]],
  };
  const figure = await figureBundle(GALLERY["pareto-front"](), true);
  const html = (table: Parameters<typeof tableHtml>[0]) => ({
    output_type: "display_data",
    metadata: {},
    data: { "text/html": tableHtml(table) },
  });
  const printed = "validation 1000 images, libtorch 1.13.0, accuracy 0.9178 after the first epoch\n";
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: "blockwise", display_name: "Blockwise", language: "typescript" } },
    cells: [
      { cell_type: "markdown", id: "a", metadata: {}, source: `# A study\n\n${"Words to read. ".repeat(30)}` },
      { cell_type: "markdown", id: "b", metadata: {}, source: `## Costs\n\n$$a+b=c$$\n\n${WIDE}\n\n## Front` },
      {
        cell_type: "code",
        id: "c",
        metadata: {},
        execution_count: 1,
        source: `const long = "${"x y ".repeat(60)}"; // why\nlong.length`,
        outputs: [
          { output_type: "stream", name: "stdout", text: printed },
          html(wide),
          html(timm),
          { output_type: "display_data", metadata: {}, data: { "text/html": FOREIGN } },
          { output_type: "display_data", metadata: {}, data: figure },
        ],
      },
    ],
  };
  return notebookPage(notebook as unknown as Notebook, { title: "A study", folder }).html;
}

describe("a study as a page", () => {
  let html: string;
  beforeAll(async () => {
    html = await study();
  });

  for (const [width, scheme] of [
    [1400, "light"],
    [400, "light"],
    [400, "dark"],
  ] as const) {
    it(`at ${width} pixels in ${scheme}: nothing sticks out of the page, and what is wide scrolls with a cue`, async () => {
      const { page, complaints } = await open(`study-${width}-${scheme}.html`, html, scheme, width);
      expect(await drawn(page, 1)).toEqual([scheme]);
      const found = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.scrollingElement!;
        const inScroller =
          ".blockwise-table *, .blockwise-figure *, .jp-OutputArea-output *, .jp-RenderedMarkdown table *, pre *, style, script";
        const out = [...document.querySelectorAll("body *")]
          .filter((element) => !element.matches(inScroller) && element.getBoundingClientRect().right > innerWidth + 1)
          .map(({ tagName, className }) => `${tagName} ${className}`);
        const text = document.querySelector(".jp-MarkdownOutput p")!.getBoundingClientRect();
        const wide = document.querySelector(".blockwise-table")!;
        return {
          overflow: scrollWidth - clientWidth,
          out,
          share: text.width / innerWidth,
          cue: getComputedStyle(wide).maskImage,
          brokenWords: [...document.querySelectorAll(".jp-OutputArea-output pre")].map(
            (pre) => getComputedStyle(pre).wordBreak,
          ),
        };
      });
      expect(found).toMatchObject({ overflow: 0, out: [] });
      expect(found.share).toBeGreaterThan(width === 400 ? 0.88 : 0.6);
      expect(found.cue).toContain("linear-gradient");
      expect(new Set(found.brokenWords)).toEqual(new Set(["normal"]));
      await screenshot(page, `study-${width}-${scheme}`, { fullPage: true });
      expect(complaints.errors).toEqual([]);
      expect(complaints.outside).toEqual([]);
      await page.close();
    });
  }

  it("is dark where dark is preferred: ground, words and code", async () => {
    const { page } = await open("study-dark.html", html, "dark");
    const contrasts = await page.evaluate(() => {
      const rgb = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
      const light = ([r, g, b]: number[]) => 0.299 * r + 0.587 * g + 0.114 * b;
      const ground = light(rgb(getComputedStyle(document.body).backgroundColor));
      const words = [
        ...document.querySelectorAll(
          ".jp-MarkdownOutput p, .highlight span, .jp-OutputArea-output pre, td, .jp-InputPrompt:not(:empty)",
        ),
      ]
        .filter((element) => element.textContent?.trim())
        .map((element) => {
          const { color, opacity } = getComputedStyle(element);
          return ground + Number(opacity) * (light(rgb(color)) - ground);
        });
      return { ground, faintest: Math.min(...words) };
    });
    expect(contrasts.ground).toBeLessThan(60);
    expect(contrasts.faintest).toBeGreaterThan(130);
    await page.close();
  });

  it("prints whole: figures as pictures of the paper's width, tables and code in lines, folded code unfolded", async () => {
    const { page } = await open("study-print.html", html, "light", 700);
    await drawn(page, 1);
    await page.evaluate(() => {
      for (const one of document.querySelectorAll("details.blockwise-code")) one.removeAttribute("open");
    });
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    const found = await page.evaluate(() => {
      const [image, plot] = [".blockwise-figure > img", ".blockwise-plot"].map((s) => document.querySelector(s)!);
      const widest = (selector: string) =>
        Math.max(...[...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect().right));
      return {
        image: image.getBoundingClientRect().width,
        plot: getComputedStyle(plot).display,
        code: widest(".highlight span"),
        timm: widest(".blockwise-code, .jp-RenderedMarkdown p, td, .blockwise-table + div"),
        folded: document.querySelectorAll("details.blockwise-code:not([open])").length,
      };
    });
    expect(found.image).toBeGreaterThan(300);
    expect(found.image).toBeLessThanOrEqual(700);
    expect(found).toMatchObject({ plot: "none", folded: 0 });
    expect(Math.max(found.code, found.timm)).toBeLessThanOrEqual(700);
    await page.close();
  });

  it("unfolds and folds all code at the touch of a button, and leads to its sections", async () => {
    const { page } = await open("study-fold.html", html, "light");
    const open_ = () => page.locator("details.blockwise-code[open]").count();
    expect(await open_()).toBe(1);
    await page.locator(".blockwise-contents button").click();
    expect(await open_()).toBe(0);
    await page.locator(".blockwise-contents button").click();
    expect(await open_()).toBe(1);
    const ids = await page
      .locator(".blockwise-contents a")
      .evaluateAll((links) =>
        links.map((link) => document.getElementById(decodeURI((link as HTMLAnchorElement).hash.slice(1)))?.tagName),
      );
    expect(ids).toEqual(["H2", "H2"]);
    await page.close();
  });
});

describe("names in the front's figure", () => {
  it("cover neither markers nor budgets nor each other, measured with the browser's own fonts", async () => {
    const bundle = await figureBundle(crowdedFront(), true);
    const { page } = await open(
      "front.html",
      `<!DOCTYPE html><body><figure>${bundle["text/html"]}</figure></body>`,
      "light",
    );
    await drawn(page, 1);
    const found = await page.evaluate(() => {
      const boxes = (selector: string) =>
        [...document.querySelectorAll(selector)].map((element) => ({
          name: element.textContent?.trim() ?? "",
          box: element.getBoundingClientRect(),
        }));
      const names = boxes(".annotation-text").filter(({ name }) => /^(net|found|random|budget)/.test(name));
      const markers = boxes(".scatterlayer .point").map(({ box }) => ({ name: "a marker", box }));
      const lines = boxes(".shapelayer path")
        .filter(({ box }) => box.height > 100)
        .map(({ box }) => ({ name: "a budget", box }));
      const meet = (a: DOMRect, b: DOMRect) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
      return {
        names: names.length,
        lines: lines.length,
        met: names.flatMap((a, i) =>
          [...names.slice(i + 1), ...markers, ...lines]
            .filter((b) => meet(a.box, b.box))
            .map((b) => `${a.name} meets ${b.name}`),
        ),
      };
    });
    await screenshot(page, "front-names");
    // More than three random networks are a cloud without names where accuracies are.
    expect(found).toMatchObject({ names: 11, lines: 2, met: [] });
    await page.close();
  });
});

describe("lines that lead to far names", () => {
  it("reach them, also to the left of a point on a logarithmic axis", async () => {
    const bundle = await figureBundle(crowdedFront(), true);
    const { page } = await open("leaders.html", `<!DOCTYPE html><body>${bundle["text/html"]}</body>`, "light");
    await drawn(page, 1);
    const short = await page.evaluate(
      () =>
        [...document.querySelectorAll(".annotation-arrow-g path")].filter(
          (path) => (path as SVGPathElement).getTotalLength() < 15,
        ).length,
    );
    expect(await page.locator(".annotation-arrow-g path").count()).toBeGreaterThan(0);
    expect(short).toBe(0);
    await page.close();
  });
});

/** As in notebook 06: five random networks and the found one at half of the teacher's cost. */
function crowdedFront() {
  const one = (label: string, kind: "found" | "random" | "teacher", macs: number, accuracy: number, score: number) => ({
    ...{ dataset: "CIFAR-10", label, kind, macs: 1e6 * macs, accuracy, score },
  });
  const networks = [
    one("net 0", "teacher", 105.7, 0.9295, -1.7),
    one("found 1", "found", 52.6, 0.9228, -1.42),
    one("random 1", "random", 52, 0.9193, -1.35),
    one("random 2", "random", 51.7, 0.9184, -1.2),
    one("random 3", "random", 52.2, 0.9118, -0.67),
    one("random 4", "random", 53.7, 0.9089, -0.63),
    one("random 5", "random", 51.4, 0.9033, -0.96),
  ];
  const predictedFront = [8, 12, 20, 31, 44, 52.6, 70, 95].map((macs, i) => ({
    macs: 1e6 * macs,
    score: 0.8 - 0.4 * i,
  }));
  return paretoFigure({ measured: networks, predicted: networks, predictedFront, budgets: [{ macs: 52.9e6 }] });
}

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
    await screenshot(page, "jupyterlab-dark");
    await page.evaluate(() => {
      document.body.setAttribute("data-jp-theme-light", "true");
      document.body.setAttribute("data-jp-theme-name", "JupyterLab Light");
    });
    await page.locator(".blockwise-figure[data-drawn=light]").waitFor();
    expect(await faintWords(page, [255, 255, 255])).toEqual([]);
    await screenshot(page, "jupyterlab-light");
    expect(complaints.errors).toEqual([]);
    await page.close();
  });
});
