import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Complaints, newPage, openBrowser, screenshot } from "./browser";
import { ClassicNotebook } from "./classic-notebook";
import { JupyterServer, ROOT } from "./jupyter-server";

/** Code cells of the quickstart whose result the test looks at. */
const CELLS = { ratings: 7, found: 9, front: 11, last: 12 };
let server: JupyterServer;
let browser: Browser;
let page: Page;
let complaints: Complaints;
let notebook: ClassicNotebook;

/** The quickstart as its author wrote it: no outputs. */
function quickstart(): unknown {
  const notebook = JSON.parse(readFileSync(join(ROOT, "notebooks", "00_quickstart.ipynb"), "utf8"));
  for (const cell of notebook.cells) {
    if (cell.cell_type === "code") Object.assign(cell, { outputs: [], execution_count: null });
  }
  return notebook;
}

beforeAll(async () => {
  browser = await openBrowser();
  server = await JupyterServer.start({ BLOCKWISE_FAST: "1" });
  server.write("quickstart.ipynb", quickstart());
  server.offerWidgetExtension();
  page = await newPage(browser, { viewport: { width: 1280, height: 900 } });
  complaints = new Complaints(page);
  notebook = new ClassicNotebook(page);
  await notebook.open(server.url("quickstart.ipynb"));
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** The text that plotly shows when the mouse is over the first mark of a kind. */
async function hover(marks: Locator): Promise<string> {
  const label = page.locator(".hoverlayer .hovertext");
  do {
    // A figure that is being drawn anew does not see the mouse come.
    await page.mouse.move(0, 0);
    await marks.first().scrollIntoViewIfNeeded();
    await marks.first().hover({ force: true });
  } while (
    !(await label
      .first()
      .waitFor({ timeout: 3000 })
      .then(
        () => true,
        () => false,
      ))
  );
  return (await label.allTextContents()).join("\n");
}

describe("the quickstart in Jupyter's page", () => {
  it("runs all cells and ends with its result", async () => {
    await notebook.runAll();
    await notebook.finished(notebook.cell(CELLS.last));
    const errors = page.locator(".output_error");
    expect(await errors.allTextContents()).toEqual([]);
    expect(await notebook.cell(CELLS.last).locator(".output_stdout").textContent()).toMatch(
      /Result: the found network has \d+ % of the teacher's (MACs|FLOPs)/,
    );
  });

  it("draws every figure with plotly, brought once by the kernel", async () => {
    const figures = page.locator(".blockwise-figure");
    expect(await figures.count()).toBeGreaterThanOrEqual(9);
    await page.waitForFunction(
      (count) => document.querySelectorAll(".blockwise-figure[data-drawn=light] .main-svg").length >= count,
      await figures.count(),
    );
    expect(await page.locator(".blockwise-figure:not([data-drawn=light])").count()).toBe(0);
    const front = notebook.cell(CELLS.front).locator(".js-plotly-plot");
    expect(await front.locator(".gtitle").textContent()).toContain("Accuracy against cost on fashion-mnist");
    await front.scrollIntoViewIfNeeded();
    await screenshot(page, "front-light");
    await notebook.cell(CELLS.ratings).locator(".js-plotly-plot").scrollIntoViewIfNeeded();
    await screenshot(page, "ratings-light");
  });

  it("tells the architecture and all costs where the mouse is over a network of the front", async () => {
    const front = notebook.cell(CELLS.front).locator(".js-plotly-plot");
    const kinds = await front.locator(".legendtext").allTextContents();
    const found = kinds.findIndex((kind) => kind.startsWith("found"));
    const text = await hover(front.locator(".scatterlayer .trace").nth(found).locator(".point"));
    await screenshot(page, "front-hover");
    expect(text).toMatch(/block 1: .*(id|k[35])/);
    expect(text).toMatch(/[\d.]+[kM] MACs/);
    expect(text).toMatch(/[\d.]+[kM] parameters/);
  });

  it("stops a training by the button, keeps it in one line, and goes on with the next cell", async () => {
    const training = await notebook.runNew("await supernet.distill({ epochs: 100_000, images: 500, seed: 7 })");
    // The bar of all blocks, and within it that of the first.
    await training.locator("[role=progressbar]").nth(1).waitFor();
    await screenshot(page, "progress");
    await notebook.interrupt();
    await notebook.finished(training);
    expect(await training.locator(".output_error").textContent()).toContain("InterruptedError");
    expect(await training.locator(".blockwise-progress").allTextContents()).toEqual(
      expect.arrayContaining([expect.stringContaining("stopped")]),
    );
    await screenshot(page, "interrupted");
    const next = await notebook.runNew("teacher.split(3).length + 39");
    await notebook.finished(next);
    expect(await next.locator(".output_result").textContent()).toContain("42");
  });

  it("shows figures, data frames and pictures that the user made", async () => {
    const figure = await notebook.runNew(
      '({ data: [{ type: "bar", x: ["a", "b"], y: [1, 2] }], layout: { title: "Mine" } })',
    );
    await figure.locator(".js-plotly-plot .bars .point").first().waitFor();
    // Not one of the small plotly's; the kernel offers all of it.
    const flow = '{ type: "sankey", node: { label: ["a", "b"] }, link: { source: [0], target: [1], value: [1] } }';
    const shown = await notebook.runNew(`await lab.show({ data: [${flow}] }, tf.ones([8, 8, 1]))`);
    await notebook.finished(shown);
    expect(await shown.locator("img[src^='data:image/png']").count()).toBe(1);
    await shown.locator(".sankey-link").waitFor({ state: "attached" });
    const frame = await notebook.runNew(
      'import { DataFrame } from "danfojs-node";\nnew DataFrame([[1, "x"]], { columns: ["number", "letter"] })',
    );
    await notebook.finished(frame);
    expect(await frame.locator(".blockwise-table th").allTextContents()).toEqual(["", "number", "letter"]);
    await screenshot(page, "user-values");
  });

  it("left no error in the console, and asked nobody but this machine", () => {
    expect(complaints.errors).toEqual([]);
    expect(complaints.outside).toEqual([]);
  });
});
