import { createHash } from "node:crypto";
import type { Cell, Notebook } from "../notebook-file";

/** The notebook with an id for every cell, once each, where its format has ids; equal text gives equal ids. */
export function withIds(notebook: Notebook): Notebook {
  if (notebook.nbformat_minor < 5) return notebook;
  const given = new Set(notebook.cells.map(({ id }) => id));
  const taken = new Set<string>();
  const own = ({ id, source }: Cell): string => {
    if (id !== undefined && !taken.has(id)) return id;
    const stem = createHash("sha256").update(source).digest("hex").slice(0, 8);
    let next = stem;
    for (let i = 2; taken.has(next) || given.has(next); i++) next = `${stem}-${i}`;
    return next;
  };
  const cells = notebook.cells.map((cell) => {
    const id = own(cell);
    taken.add(id);
    return { ...cell, id };
  });
  return { ...notebook, cells };
}
