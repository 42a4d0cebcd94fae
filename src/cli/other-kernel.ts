import { existsSync } from "node:fs";
import { installationOf } from "../../kernel/install";

/** Whose kernel of the same name went away for this one, and how it comes back; a sentence for those who work in two clones. */
export function otherKernel(program: string): string {
  const back = existsSync(program) ? "; to go back, run npx blockwise kernel install there" : ", which is gone";
  return `it took the place of another installation's, ${installationOf(program)}${back}`;
}
