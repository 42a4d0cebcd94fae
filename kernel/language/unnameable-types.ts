import type { Diagnostic } from "tslab/dist/converter";

/**
 * Codes of the errors about a variable whose inferred type cannot be written down: not portable (2742), of a name that
 * its module does not export (4023, 4024, 4025), too long to serialise (7056).
 */
const UNNAMEABLE = new Set([2742, 4023, 4024, 4025, 7056]);

/**
 * Annotates the variables of such errors with `any`, so that the cell runs: what tslab carries from cell to cell are
 * declarations, an ordinary program would never notice.
 * @returns undefined when there are other errors, or the place is no plain `name =`.
 */
export function annotateUnnameable(source: string, diagnostics: readonly Diagnostic[]): string | undefined {
  if (diagnostics.length === 0 || diagnostics.some(({ code, fileName }) => !UNNAMEABLE.has(code) || fileName))
    return undefined;
  const ends = [...new Set(diagnostics.map(({ end }) => end.offset))].sort((a, b) => b - a);
  let changed = source;
  for (const end of ends) {
    if (!/[\w$]$/.test(source.slice(0, end)) || !/^\s*=(?!=)/.test(source.slice(end))) return undefined;
    changed = `${changed.slice(0, end)}: any${changed.slice(end)}`;
  }
  return changed;
}
