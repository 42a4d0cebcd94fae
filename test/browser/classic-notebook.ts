import type { Locator, Page } from "playwright-core";

/** A notebook open in Jupyter's classic page, used through what a person clicks. */
export class ClassicNotebook {
  constructor(readonly page: Page) {}

  /** Opens the notebook and waits until its kernel is idle. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator("#kernel_indicator_icon.kernel_idle_icon").waitFor();
  }

  /** Cell > Run All. */
  async runAll(): Promise<void> {
    await this.page.locator("#celllink").click();
    await this.page.locator("#run_all_cells > a").click();
  }

  /** The i-th code cell, from 0. */
  cell(index: number): Locator {
    return this.page.locator("#notebook .code_cell").nth(index);
  }

  /** Waits until the cell has run to its end. */
  async finished(cell: Locator): Promise<void> {
    const prompt = cell.locator(".input_prompt");
    await prompt.filter({ hasText: /In\s*\[\d+\]/ }).waitFor();
  }

  /** Adds a cell below all others and runs it with the button of the tool bar. */
  async runNew(source: string): Promise<Locator> {
    const count = await this.page.locator("#notebook .code_cell").count();
    await this.page.evaluate((text) => {
      const { Jupyter } = globalThis as unknown as { Jupyter: { notebook: NotebookPage } };
      const { notebook } = Jupyter;
      notebook.insert_cell_at_bottom("code").set_text(text);
      notebook.select(notebook.ncells() - 1);
    }, source);
    await this.page.locator("#run_int button[data-jupyter-action='jupyter-notebook:run-cell-and-select-next']").click();
    return this.cell(count);
  }

  /** The black square of the tool bar. */
  async interrupt(): Promise<void> {
    await this.page.locator("#run_int button[data-jupyter-action='jupyter-notebook:interrupt-kernel']").click();
  }
}

/** As much of the page's own object as adding a cell takes. */
interface NotebookPage {
  insert_cell_at_bottom(type: "code"): { set_text(text: string): void };
  ncells(): number;
  select(index: number): void;
}
