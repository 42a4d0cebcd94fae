import type { Cell } from "../notebook-file";

/** What a marker says of a cell, beside its source. */
export interface CellMarker {
  readonly type: Cell["cell_type"];
  /** Of the cell and of how its source is written, in JSON. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** How a source is written, and what the format has no other place for: no keys of a cell's metadata. */
const RESERVED = ["id", "metadata", "attachments", "eol", "escaped", "commented"];
const PLAIN_KEY = /^[A-Za-z_][\w-]*$/;
const UNSAFE = /[<>\p{Zl}\p{Zp}\p{Surrogate}\p{Cc}]/gu;

/** Id, tags, then what else there is by its name: equal cells have equal markers. */
export function attributesOf(cell: Cell): Record<string, unknown> {
  const { tags, ...rest } = cell.metadata;
  const entries = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  const isPlain = ([key]: [string, unknown]) => PLAIN_KEY.test(key) && !RESERVED.includes(key);
  const others = entries.filter((entry) => !isPlain(entry));
  const { attachments } = cell as { attachments?: unknown };
  return {
    ...(cell.id !== undefined && { id: cell.id }),
    ...(tags !== undefined && { tags }),
    ...Object.fromEntries(entries.filter(isPlain)),
    ...(others.length > 0 && { metadata: Object.fromEntries(others) }),
    ...(attachments !== undefined && { attachments }),
  };
}

/** A cell of a marker's attributes and a source; with an id only where the marker has one. */
export function cellOf({ type, attributes }: CellMarker, source: string): Cell {
  const { id, metadata, attachments, eol: _eol, escaped: _escaped, commented: _commented, ...plain } = attributes;
  return {
    cell_type: type,
    ...(typeof id === "string" && { id }),
    metadata: { ...plain, ...(metadata as object | undefined) },
    source,
    ...(attachments !== undefined && { attachments }),
    ...(type === "code" && { outputs: [], execution_count: null }),
  };
}

/** ` id="a" tags=["b"]`, of characters that stay within one line and one comment of any language. */
export function writeAttributes(attributes: CellMarker["attributes"]): string {
  return Object.entries(attributes)
    .map(([key, value]) => ` ${key}=${JSON.stringify(value).replace(UNSAFE, escapedCharacter)}`)
    .join("");
}

/** Reads `key=JSON key=JSON ...`; undefined for words that are none. */
export function readAttributes(text: string): Record<string, unknown> | undefined {
  const attributes: [string, unknown][] = [];
  let at = 0;
  while (text.slice(at).trim() !== "") {
    const key = /^\s*([A-Za-z_][\w-]*)=/.exec(text.slice(at));
    if (!key) return undefined;
    at += key[0].length;
    const end = valueEnd(text, at);
    try {
      attributes.push([key[1], JSON.parse(text.slice(at, end))]);
    } catch {
      return undefined;
    }
    at = end;
  }
  return Object.fromEntries(attributes); // `__proto__` as a key like others
}

/** Where the JSON value that begins at `start` ends. */
function valueEnd(text: string, start: number): number {
  let [depth, quoted] = [0, false];
  for (let at = start; at < text.length; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter === "\\") at++;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if ("[{".includes(letter)) depth++;
    else if ("]}".includes(letter)) depth--;
    else if (depth === 0 && /\s/.test(letter)) return at;
  }
  return text.length;
}

export function escapedCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
