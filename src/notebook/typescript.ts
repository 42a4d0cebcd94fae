import type * as TypeScript from "typescript";

let loaded: typeof TypeScript | undefined;

/** The compiler, read at its first use: most commands need none. */
export function typescript(): typeof TypeScript {
  loaded ??= require("typescript") as typeof TypeScript;
  return loaded;
}
