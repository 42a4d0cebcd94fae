import { z } from "zod";
import type { Execution } from "./execute-notebook";
import type { Notebook } from "./notebook-file";

const uncaughtSchema = z.array(z.object({ cell: z.number(), text: z.string() }));
export type UncaughtErrors = z.output<typeof uncaughtSchema>;

/**
 * Errors that no cell waited for (a rejected promise as the last expression, a timer that throws): Jupyter takes such cells
 * for done, and what they say comes too late for their outputs.
 */
export function uncaughtErrors({ answers }: Execution): UncaughtErrors {
  try {
    return uncaughtSchema.parse(JSON.parse(answers.get("uncaught") ?? "[]"));
  } catch {
    return []; // another kernel
  }
}

/** The notebook with each uncaught error below the cell that it comes from, as the kernel shows it. */
export function withUncaught(notebook: Notebook, errors: UncaughtErrors): Notebook {
  return {
    ...notebook,
    cells: notebook.cells.map((cell) => {
      const shown = (cell.outputs ?? []).map(({ text = "" }) => text).join("");
      const own = errors.filter((error) => error.cell === cell.execution_count && !shown.includes(error.text));
      if (!cell.outputs || own.length === 0) return cell;
      const said = own.map(({ text }) => ({ output_type: "stream" as const, name: "stderr", text }));
      return { ...cell, outputs: [...cell.outputs, ...said] };
    }),
  };
}
