import type { Notebook } from "./notebook-file";
import { notebookProvenance } from "./provenance";

/**
 * Guesses how long a notebook still takes: from what each cell took at its last recorded run, scaled by how this run went
 * so far; without a record it knows nothing.
 */
export class RemainingTime {
  private readonly before: ReadonlyMap<number, number>;
  private spent = 0;
  private expected = 0;

  /** @param executed Notebooks that may hold the record of an earlier run, the best first. */
  constructor({ cells }: Notebook, executed: readonly Notebook[]) {
    const known = executed.map((notebook) => notebookProvenance(notebook)?.cellSeconds).find(Boolean) ?? {};
    this.before = new Map(
      cells.flatMap(({ id }, index) => {
        const seconds = known[id ?? String(index)];
        return seconds === undefined ? [] : [[index, seconds] as const];
      }),
    );
  }

  executed(index: number, seconds: number): void {
    const before = this.before.get(index);
    if (before === undefined) return;
    this.spent += seconds;
    this.expected += before;
  }

  /** Milliseconds that the cells of these indices will take, undefined when nothing is known of them. */
  of(indices: readonly number[]): number | undefined {
    const known = indices.flatMap((index) => this.before.get(index) ?? []);
    if (known.length === 0) return undefined;
    // A second of work is too little to judge the machine by.
    const pace = this.expected >= 1 ? this.spent / this.expected : 1;
    return 1000 * pace * known.reduce((sum, seconds) => sum + seconds, 0);
  }
}
