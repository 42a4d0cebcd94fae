import type { CellScript } from "../language/cell-script";

type Setter = (value: unknown) => void;

/** What the script of a cell is given as `__cell`: the kernel's side of one run. */
export class CellFrame {
  private mark = 0;
  /** Of its last expression. */
  value: unknown;
  readonly meta: object;
  readonly import: (specifier: unknown) => Promise<unknown>;
  private readonly setters: Setter[] = [];
  private counting: { readonly values: Float64Array; readonly put: (values: Float64Array) => void } | undefined;

  constructor(
    private readonly script: CellScript,
    /** Namespaces of the script's imports, in order. */
    private readonly namespaces: readonly Record<string, unknown>[],
    meta: object,
    load: (specifier: string) => Promise<unknown>,
  ) {
    this.meta = meta;
    this.import = async (specifier) => load(String(specifier));
  }

  /** How far it came: the mark of the statement that runs. */
  get at(): number {
    return this.mark;
  }

  /** A function, so that V8 looks for interrupts between two statements. */
  set at(mark: number) {
    this.mark = mark;
  }

  /** Takes the imported names' variables and gives them their values. */
  imports(setters: readonly Setter[]): void {
    this.setters.push(...setters);
    for (const [index, namespace] of this.namespaces.entries()) this.refresh(index, namespace);
  }

  /** An imported module changed what it exports. */
  refresh(index: number, namespace: Record<string, unknown>): void {
    const { imports } = this.script;
    let at = imports.slice(0, index).reduce((sum, { taken }) => sum + taken.length, 0);
    for (const { name } of imports[index]!.taken) this.setters[at++]?.(name === "*" ? namespace : namespace[name]);
  }

  /** A loop counts in locals from here on, see `promoteNumbers`. */
  numbers(count: number, put: (values: Float64Array) => void): Float64Array {
    const values = new Float64Array(count);
    this.counting = { values, put };
    return values;
  }

  counted(): void {
    this.counting = undefined;
  }

  /** The cell was terminated, where no `finally` ran: its variables get what the loop counted. */
  giveUp(): void {
    this.counting?.put(this.counting.values);
    this.counting = undefined;
  }

  named(made: object, name: string): object {
    Object.defineProperty(made, "name", { value: name, configurable: true });
    return made;
  }
}
