import type { CellRun } from "../../display-protocol";
import { type StaleCell, StaleTracker, staleNote } from "../../notebook";
import { notebook } from "./interaction";

/** What this process has marked, for a kernel has one notebook. */
class StaleMarks {
  private readonly tracker = new StaleTracker<string>();
  private readonly runs = new Map<string, { readonly run: CellRun; readonly by: Map<string, number> }>();

  /** Another cell has ended. */
  add(run: CellRun): void {
    const stale = this.tracker.ran(run.cell, run.source);
    this.runs.set(run.cell, { run, by: new Map() });
    for (const { key, name } of stale) this.runs.get(key)?.by.set(name, run.number);
    for (const key of new Set(stale.map((one) => one.key))) this.show(key);
  }

  private show(key: string): void {
    const stale = this.runs.get(key);
    if (!stale) return;
    const by: Pick<StaleCell, "name" | "changedBy">[] = [...stale.by].map(([name, changedBy]) => ({ name, changedBy }));
    const { data, metadata } = staleNote(by);
    stale.run.display(data, `stale-${stale.run.number}`, metadata);
  }
}

/**
 * Marks stale cells: from this cell on, a cell that read a variable which a cell run later changed gets a note below its
 * outputs; run again, it has none. As `blockwise notebook run --mark-stale` does in a file. Only syntax is looked at, so a
 * change through another name of the same object is not seen.
 * @param on `false` stops it; notes that are there stay.
 * @throws ConfigError outside a notebook.
 */
export function markStale(on = true): void {
  const host = notebook("markStale");
  const marks = on ? new StaleMarks() : undefined;
  host.cellEnded = marks && ((run) => marks.add(run));
}
