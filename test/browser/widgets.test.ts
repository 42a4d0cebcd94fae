import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Complaints, newPage, openBrowser, screenshot } from "./browser";
import { hasLabWithWidgets, LabNotebook, startLab } from "./jupyter-lab";
import type { JupyterServer } from "./jupyter-server";

const CELLS = [
  'const depth = widgets.slider({ min: 1, max: 9, value: 3, description: "depth" })\n  .onChange(({ value }) => console.log("depth is", value));\ndepth',
  `const counter = widgets.own(\`export default {
  render({ model, el }) {
    const button = document.createElement("button");
    const show = () => { button.textContent = "clicked " + model.get("count") + " times"; };
    button.className = "own-counter";
    button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
    model.on("change:count", show);
    show();
    el.append(button);
  },
}\`, { count: 0 }).onChange(({ count }) => console.log("count is", count));
counter`,
];

/** A notebook with the kernel of this tree. */
function notebookOf(sources: readonly string[]): unknown {
  const cells = sources.map((source, i) => ({
    ...{ cell_type: "code", id: `cell-${i}`, source, metadata: {}, outputs: [], execution_count: null },
  }));
  const kernelspec = { name: "blockwise", display_name: "Blockwise (TypeScript)", language: "typescript" };
  return { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
}

// JupyterLab comes from PyPI alone, which set-up does not ask.
describe.skipIf(!hasLabWithWidgets())("widgets in JupyterLab (pip install jupyterlab ipywidgets)", () => {
  let server: JupyterServer;
  let browser: Browser;
  let page: Page;
  let complaints: Complaints;
  let notebook: LabNotebook;

  beforeAll(async () => {
    browser = await openBrowser();
    server = await startLab();
    server.write("widgets.ipynb", notebookOf([...CELLS, "[depth.state.value, counter.state.count]"]));
    page = await newPage(browser, { viewport: { width: 1280, height: 900 } });
    complaints = new Complaints(page);
    notebook = new LabNotebook(page);
    await notebook.open(server.url("widgets.ipynb"));
    await notebook.runAll();
    await notebook.finished(CELLS.length);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  it("a slider that is moved tells the kernel, whose callback prints below the slider", async () => {
    const cell = notebook.cell(0);
    const handle = cell.locator(".noUi-handle");
    await handle.waitFor();
    expect(await cell.locator(".widget-readout").textContent()).toBe("3");
    await handle.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await cell.getByText("depth is 5").waitFor();
    await screenshot(page, "lab-slider");
  });

  it("a widget of one's own draws itself by anywidget, and shares its state", async () => {
    const button = notebook.cell(1).locator("button.own-counter");
    expect(await button.textContent()).toBe("clicked 0 times");
    await button.click();
    await button.click();
    await notebook.cell(1).getByText("count is 2").waitFor();
    expect(await button.textContent()).toBe("clicked 2 times");
    await screenshot(page, "lab-anywidget");
  });

  it("leave their values to later cells, and nothing in the console", async () => {
    const values = notebook.cell(CELLS.length).locator(".jp-OutputArea-output pre");
    expect(await values.textContent()).toBe("[ 3, 0 ]");
    await notebook.run(CELLS.length);
    expect(await values.textContent()).toBe("[ 5, 2 ]");
    // JupyterLab 4.6 looks for its debugger after each message, also where the kernel says that it has none.
    const own = complaints.errors.filter((text) => !text.startsWith("Error: No active debugger session"));
    expect(own).toEqual([]);
  });
});
