/** What comments above a cell's first statement say, as in tslab. */
export interface CellMetadata {
  /** `@module name`: the cell is the local module of that name. */
  readonly module?: string;
  /** `@browser`: the cell is not for Node. */
  readonly browser: boolean;
}

const LEADING_COMMENTS = /^(?:\s|\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/;
const DOCUMENTATION = /\/\*\*[\s\S]*?\*\//g;

export function cellMetadata(source: string): CellMetadata {
  const [leading] = LEADING_COMMENTS.exec(source)!;
  const comments = (leading.match(DOCUMENTATION) ?? []).join("\n");
  const module = /@module\s+([\w./-]+)/.exec(comments)?.[1];
  return { module, browser: /@browser\b/.test(comments) };
}
