/** Where the kernel puts the function that gives a cell its console. */
export const CELL_CONSOLE: unique symbol = Symbol.for("blockwise.cell-console");

const DECLARES_CONSOLE = /\b(?:const|let|var|function|class)\s+console\b|\brequire\b[^;]*\bconsole\b/;

/**
 * Gives the code of a cell a `console` of its own, on its first line.
 *
 * Timers of an interrupted cell may print long after it; only through its own console can that be told from the output
 * of the cell that runs then.
 */
export function withCellConsole(code: string, cell: number): string {
  if (!/\bconsole\b/.test(code) || DECLARES_CONSOLE.test(code)) return code;
  return `const console = globalThis[Symbol.for("blockwise.cell-console")](${cell}); ${code}`;
}

/** The global console, silent while `silenced` says so. */
export function cellConsole(silenced: () => boolean): Console {
  return new Proxy(globalThis.console, {
    get(target, property) {
      const value = Reflect.get(target, property);
      return typeof value === "function" && silenced() ? () => {} : value;
    },
  });
}
