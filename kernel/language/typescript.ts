import type * as TypeScript from "typescript";
import { requireCached } from "./compile-cache";

/** The compiler, as loaded into this process. */
export interface Compiler {
  readonly ts: typeof TypeScript;
  /** Keeps its compiled code for the next start. */
  saveCode(): void;
}

/** Loads TypeScript, the package that this one depends on; only its public API is used. */
export function loadTypeScript(): Compiler {
  const { exports, save } = requireCached(require.resolve("typescript"));
  return { ts: exports as typeof TypeScript, saveCode: save };
}
