import { ConfigError } from "../core";
import { type Cell, hasTag, type Notebook } from "./notebook-file";

/** Tags of papermill's: the cell of defaults, and the one that overrides them. */
const DEFAULTS = "parameters";
const INJECTED = "injected-parameters";

/** Name -> number, boolean, string, or any other JSON. */
export type Parameters = Readonly<Record<string, unknown>>;

/**
 * Reads `name=value` as the command line gives it: JSON where it is JSON (`3`, `true`, `[1,2]`, `"3"`), else a string.
 * @throws ConfigError when there is no name, or what looks like JSON is none.
 */
export function parseParameter(given: string): [string, unknown] {
  const [, name, value] = given.match(/^([A-Za-z_$][\w$]*)=([\s\S]*)$/) ?? [];
  if (name === undefined) {
    throw new ConfigError(`-p: must be name=value, e.g. seed=3, got ${JSON.stringify(given)}`);
  }
  try {
    const parsed = JSON.parse(value);
    if (/^-?\d+$/.test(value) && !Number.isSafeInteger(parsed)) {
      throw new ConfigError(`-p ${name}: a whole number must be below 2^53 to stay exact, got ${value}; give a string`);
    }
    return [name, parsed];
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (/^\s*[[{"]/.test(value)) {
      throw new ConfigError(
        `-p ${name}: must be JSON, got ${value}; quote it for the shell, e.g. '${name}=["a", "b"]'`,
      );
    }
    return [name, value];
  }
}

/** Names that the notebook's cell tagged `parameters` declares, with the types it writes down for them. */
export function declaredParameters({ cells }: Notebook): Map<string, string | undefined> {
  const source = cells.find((cell) => hasTag(cell, DEFAULTS))?.source ?? "";
  const declarations = source.matchAll(/^(?:let|const|var)\s+([A-Za-z_$][\w$]*)\s*(?::([^=\n]+?))?\s*=/gm);
  return new Map([...declarations].map(([, name, type]) => [name, type?.trim()]));
}

/**
 * The notebook with a cell tagged `injected-parameters` behind the one tagged `parameters` (first without one); it takes
 * the place of an earlier injected one. The values have the types that the defaults were declared with.
 */
export function withParameters(notebook: Notebook, parameters: Parameters): Notebook {
  if (Object.keys(parameters).length === 0) return notebook;
  const types = declaredParameters(notebook);
  const lines = Object.entries(parameters).map(([name, value]) => {
    const type = types.get(name);
    return `let ${name}${type === undefined ? "" : `: ${type}`} = ${JSON.stringify(value)};`;
  });
  const cells = notebook.cells.filter((cell) => !hasTag(cell, INJECTED));
  const injected: Cell = {
    cell_type: "code",
    ...(notebook.nbformat_minor >= 5 && { id: INJECTED }),
    metadata: { tags: [INJECTED] },
    source: ["// Parameters of this run", ...lines].join("\n"),
    outputs: [],
    execution_count: null,
  };
  const at = cells.findIndex((cell) => hasTag(cell, DEFAULTS)) + 1;
  return { ...notebook, cells: [...cells.slice(0, at), injected, ...cells.slice(at)] };
}
