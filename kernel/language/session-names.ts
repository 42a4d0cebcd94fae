import type { CellOutline, Kind } from "./declared-names";

/** How later cells see a name. */
interface Entry {
  /** Number of the cell's module. */
  readonly cell: number;
  readonly kind: Kind;
  /** A number by its type: see `promoteNumbers`. */
  readonly numeric: boolean;
}

/** What a cell declares. */
export interface Declared {
  /** Number of its module. */
  readonly cell: number;
  readonly outline: CellOutline;
  /** Names of its variables that are numbers by their types. */
  readonly numeric: ReadonlySet<string>;
  /** After which mark of its script a name has its value. */
  readonly marks: ReadonlyMap<string, number>;
}

const KINDS: Partial<Record<Kind, string>> = { namespace: "module", import: "alias" };

/** What exists in environments that packages ask for (`typeof window`): a notebook's variable must not answer. */
const ASKED_FOR =
  "window document self navigator location define module exports require __dirname __filename importScripts WorkerGlobalScope DedicatedWorkerGlobalScope Deno Bun jest vi QUnit mocha describe it test expect process Buffer global HTMLElement XMLHttpRequest WebSocket localStorage sessionStorage";
const RESERVED = new Set(ASKED_FOR.split(" "));

/** Invisible, and allowed inside identifiers. */
const APART = "\u200c";

/** The names that cells have declared by now: which cell's module types them, and which binding holds them. */
export class SessionNames {
  private readonly bindings = new Map<string, string>();
  /** Names that some function refers to: others than the cell at hand may change or read them at any time. */
  readonly captured = new Set<string>();
  /** Some cell makes code of texts, which may name any variable. */
  makesCode = false;

  /** @param prelude names that are imported from the package until a cell declares them. */
  constructor(
    private readonly packageName: string,
    private readonly prelude: ReadonlySet<string>,
    private readonly values = new Map<string, Entry>(),
    private readonly types = new Map<string, number>(),
    private readonly augmenting = new Set<number>(),
  ) {}

  /** The names as they will be when those cells have come to their end. */
  foreseen(cells: readonly Declared[]): SessionNames {
    if (cells.length === 0) return this;
    const { packageName, prelude, values, types, augmenting } = this;
    const then = new SessionNames(packageName, prelude, new Map(values), new Map(types), new Set(augmenting));
    for (const cell of cells) then.keep(cell, Number.POSITIVE_INFINITY);
    return then;
  }

  has(name: string): boolean {
    return this.values.has(name) || this.types.has(name);
  }

  isNumeric(name: string): boolean {
    return this.values.get(name)?.numeric ?? false;
  }

  /** All names that a cell may use without an import, and their kinds as TypeScript names them. */
  offered(): ReadonlyMap<string, string> {
    const kinds = new Map<string, string>();
    for (const name of this.prelude) kinds.set(name, "const");
    for (const name of this.types.keys()) kinds.set(name, "type");
    for (const [name, { kind }] of this.values) kinds.set(name, KINDS[kind] ?? kind);
    return kinds;
  }

  /** The variable that holds the name's value: of its own name, but set apart from what packages would take for a global. */
  bindingOf(name: string): string {
    let binding = this.bindings.get(name);
    if (binding === undefined) {
      binding = name in globalThis || RESERVED.has(name) ? name + APART : name;
      this.bindings.set(name, binding);
    }
    return binding;
  }

  /** True when code that names it means a variable of the session. */
  isBound(name: string): boolean {
    return this.values.has(name) || this.prelude.has(name);
  }

  /** Statements in one line that declare what the cell may mean by its words and does not declare itself. */
  header({ words, values, types }: CellOutline): string {
    const parts: string[] = [...this.augmenting].map((cell) => `import "./__cell_${cell}";`);
    const imported = new Map<string, string[]>();
    const importFrom = (module: string, name: string): void => {
      const names = imported.get(module) ?? [];
      imported.set(module, names);
      names.push(name);
    };
    for (const word of words) {
      if (values.has(word) || types.has(word)) continue;
      const entry = this.values.get(word);
      const typed = this.types.get(word);
      if (entry) {
        const { cell, kind } = entry;
        const assignable = kind === "let" || kind === "var";
        if (assignable || (typed !== undefined && typed !== cell)) {
          parts.push(`declare ${assignable ? "let" : "const"} ${word}: typeof import("./__cell_${cell}").${word};`);
        } else importFrom(`./__cell_${cell}`, word);
        if (typed !== undefined && (typed !== cell || assignable)) {
          parts.push(`import type { ${word} as ${word}${APART} } from "./__cell_${typed}";`);
          parts.push(`type ${word} = ${word}${APART};`);
        }
      } else if (typed !== undefined) importFrom(`./__cell_${typed}`, word);
      else if (this.prelude.has(word)) importFrom(this.packageName, word);
    }
    for (const [module, names] of imported)
      parts.push(`import { ${names.join(", ")} } from ${JSON.stringify(module)};`);
    return parts.join(" ");
  }

  /**
   * Later cells see what the cell declared.
   * @param at how far it ran: up to this mark of its script.
   */
  keep({ cell, outline, numeric, marks }: Declared, at: number): void {
    for (const [name, kind] of outline.values) {
      if (at < (marks.get(name) ?? 0)) continue;
      this.values.set(name, { cell, kind, numeric: numeric.has(name) });
      if (kind !== "let" && kind !== "var" && kind !== "const" && kind !== "function") this.types.delete(name);
    }
    for (const name of outline.types) this.types.set(name, cell);
    if (outline.augments) this.augmenting.add(cell);
  }
}
