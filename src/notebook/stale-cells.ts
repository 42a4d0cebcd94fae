import { escapeHtml } from "../viz/escape-html";
import { type CellEffects, cellEffects, type Effects } from "./cell-effects";
import type { Cell, CellOutput, Notebook } from "./notebook-file";

/** In the metadata of an output that is such a note. */
const NOTE = "blockwise_stale";

/** A cell whose output was computed from a variable that a later run changed. */
export interface StaleCell {
  /** Index in the notebook. */
  readonly index: number;
  /** The variable. */
  readonly name: string;
  /** Execution count of the cell that changed it last. */
  readonly changedBy: number;
}

/** A run whose output was computed from a variable that another run changed. */
interface StaleRun<K> {
  readonly key: K;
  readonly name: string;
}

/** Follows the runs of a notebook's cells, told in their order. */
export class StaleTracker<K> {
  private readonly functions = new Map<string, Effects>();
  private readonly texts = new Map<string, string>();
  private readonly read: { readonly key: K; readonly names: ReadonlySet<string> }[] = [];

  /** What a run of that source made stale: earlier runs of other cells, each with every variable that was changed. */
  ran(key: K, source: string): StaleRun<K>[] {
    const of = cellEffects(source);
    const changed = changes(of, this.texts);
    for (const [name, effects] of of.functions) this.functions.set(name, effects);
    const { reads, writes } = called(of, this.functions);
    for (const name of writes) changed.add(name);
    // Of a cell that ran again only the last run counts.
    const before = this.read.findIndex((earlier) => earlier.key === key);
    if (before >= 0) this.read.splice(before, 1);
    const stale = this.read.flatMap((earlier) =>
      [...changed].filter((name) => earlier.names.has(name)).map((name) => ({ key: earlier.key, name })),
    );
    this.read.push({ key, names: new Set([...reads].filter((name) => !of.declares.has(name))) });
    return stale;
  }
}

/**
 * The stale cells of an executed notebook, in its order: each with every variable that it read, itself or by functions of
 * the notebook that it calls, and that a cell executed later declared again, assigned or changed within. Execution counts
 * tell what ran later, so a notebook that was run by hand in any order is right, too, as far as its cells are what ran.
 */
export function staleCells({ cells }: Notebook): StaleCell[] {
  const ran = cells
    .flatMap((cell, index) =>
      cell.cell_type === "code" && typeof cell.execution_count === "number"
        ? [{ index, count: cell.execution_count, source: cell.source }]
        : [],
    )
    .sort((a, b) => a.count - b.count);
  const tracker = new StaleTracker<number>();
  const stale = new Map<string, StaleCell>();
  for (const { index: at, count, source } of ran) {
    for (const { key: index, name } of tracker.ran(at, source)) {
      stale.set(`${index} ${name}`, { index, name, changedBy: count });
    }
  }
  return [...stale.values()].sort((a, b) => a.index - b.index);
}

/** Names that a cell declares anew; the same function once more is no change. */
function changes({ declares }: CellEffects, texts: Map<string, string>): Set<string> {
  const changed = new Set<string>();
  for (const [name, text] of declares) {
    if (text === undefined || texts.get(name) !== text) changed.add(name);
    if (text === undefined) texts.delete(name);
    else texts.set(name, text);
  }
  return changed;
}

/** What a cell does with the functions that it names, and those that they name. */
function called({ reads, writes }: Effects, functions: ReadonlyMap<string, Effects>): Effects {
  const all: Effects = { reads: new Set(), writes: new Set(writes) };
  const waiting = [...reads];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (all.reads.has(name)) continue;
    all.reads.add(name);
    const inside = functions.get(name);
    if (!inside) continue;
    for (const written of inside.writes) all.writes.add(written);
    waiting.push(...inside.reads);
  }
  return all;
}

/** The notebook with a note below each stale cell, and without notes of an earlier time. */
export function withStaleNotes(notebook: Notebook): Notebook {
  const stale = staleCells(notebook);
  const cells = notebook.cells.map((cell, i): Cell => {
    if (!cell.outputs) return cell;
    const outputs = cell.outputs.filter(({ metadata }) => metadata?.[NOTE] !== true);
    const own = stale.filter(({ index }) => index === i);
    return {
      ...cell,
      outputs: own.length === 0 ? outputs : [...outputs, { output_type: "display_data", ...staleNote(own) }],
    };
  });
  return { ...notebook, cells };
}

/** What is shown below a cell that is stale by those variables. */
export function staleNote(
  stale: readonly Pick<StaleCell, "name" | "changedBy">[],
): Required<Pick<CellOutput, "data" | "metadata">> {
  const by = stale.map(({ name, changedBy }) => `${name} was changed by cell [${changedBy}]`);
  const text = `Stale: ${by.join(", ")} after this cell ran; run it again.`;
  const style = "margin:4px 0;padding:2px 8px;border-left:3px solid #d98000;font:13px/1.5 Arial,Helvetica,sans-serif";
  return {
    metadata: { [NOTE]: true },
    data: { "text/html": `<div style="${style}">${escapeHtml(text)}</div>`, "text/plain": text },
  };
}
