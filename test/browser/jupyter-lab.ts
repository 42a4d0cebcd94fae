import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { JupyterServer, ROOT } from "./jupyter-server";

/** Debian has no JupyterLab: `pip install jupyterlab ipywidgets`, and its `jupyter` on PATH or named here. */
const JUPYTER = process.env.BLOCKWISE_JUPYTERLAB ?? "jupyter";

/** Whether JupyterLab is installed, with the extension that draws Jupyter's widgets. */
export function hasLabWithWidgets(): boolean {
  try {
    const options = { encoding: "utf8", stdio: "pipe" } as const;
    execFileSync(JUPYTER, ["lab", "--version"], options);
    // Lists them on the stream of errors.
    const list = execFileSync("sh", ["-c", '"$0" labextension list 2>&1', JUPYTER], options);
    return /jupyterlab-manager \S+ .*enabled/.test(list);
  } catch {
    return false;
  }
}

/** JupyterLab with this tree's kernel, and with anywidget's front end. */
export async function startLab(): Promise<JupyterServer> {
  const server = await JupyterServer.start({}, "lab", JUPYTER);
  server.offerLabExtension("anywidget", anywidgetExtension());
  return server;
}

/**
 * The front end of anywidget's Python package, which is an extension made of its npm package: an asynchronous module
 * that gets Jupyter's base of widgets, registered under anywidget's name.
 */
function anywidgetExtension(): Record<string, string> {
  const folder = join(ROOT, "node_modules", "anywidget");
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const about = { name: "anywidget", version, jupyterlab: { extension: true } };
  const built = { ...about.jupyterlab, _build: { load: "static/entry.js", extension: "./extension" } };
  const entry = `(() => {
  let scope;
  const shared = async (name) => (await Object.values(scope[name])[0].get())();
  const extension = {
    id: "anywidget:plugin", autoStart: true,
    async activate() {},
  };
  const container = {
    init: (given) => { scope = given; },
    get: async () => {
      const base = await shared("@jupyter-widgets/base");
      extension.requires = [base.IJupyterWidgetRegistry];
      extension.activate = (app, registry) => {
        let made;
        const define = (names, factory) => { made = factory(base); };
        registry.registerWidget({ name: "anywidget", version: ${JSON.stringify(version)}, exports: async () => {
          if (!made) ANYWIDGET(define);
          return made;
        } });
      };
      return () => ({ __esModule: true, default: extension });
    },
  };
  (window._JUPYTERLAB ??= {}).anywidget = container;
  function ANYWIDGET(define) {
${readFileSync(join(folder, "dist", "index.js"), "utf8")}
  }
})();`;
  return { "package.json": JSON.stringify({ ...about, jupyterlab: built }), "static/entry.js": entry };
}

/** A notebook open in JupyterLab, used through what a person clicks. */
export class LabNotebook {
  constructor(readonly page: Page) {}

  /** Opens the notebook and waits until its kernel is idle. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    // The indicator of the tool bar shows "idle" before there is any kernel, for which Run would ask.
    await this.page.getByText("Blockwise (TypeScript) | Idle").waitFor();
  }

  /** Run > Run All Cells. */
  async runAll(): Promise<void> {
    await this.page.getByRole("menuitem", { name: "Run", exact: true }).click();
    await this.page.locator("[data-command='runmenu:run-all']").click();
  }

  /** Runs the i-th code cell once more, by Shift and Enter. */
  async run(index: number): Promise<void> {
    const before = await this.prompt(index).textContent();
    await this.cell(index).locator(".jp-InputArea-editor").click();
    await this.page.keyboard.press("Shift+Enter");
    await this.prompt(index)
      .filter({ hasText: /\[\d+\]/ })
      .filter({ hasNotText: before ?? "" })
      .waitFor();
  }

  /** The i-th code cell, from 0. */
  cell(index: number): Locator {
    return this.page.locator(".jp-Notebook .jp-CodeCell").nth(index);
  }

  /** Waits until the i-th code cell has run to its end. */
  async finished(index: number): Promise<void> {
    await this.prompt(index)
      .filter({ hasText: /\[\d+\]/ })
      .waitFor();
  }

  private prompt(index: number): Locator {
    return this.cell(index).locator(".jp-InputPrompt");
  }
}
