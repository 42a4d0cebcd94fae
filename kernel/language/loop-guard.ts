import type * as TypeScript from "@tslab/typescript-for-tslab";

/** Where the kernel puts the function that guarded loops call. */
export const LOOP_GUARD: unique symbol = Symbol.for("blockwise.loop-guard");

/**
 * Inserts a call at the start of each loop that awaits, so that an interrupt ends loops that never look at a signal.
 *
 * Such a loop would otherwise go on unseen after its cell was given up. Text is inserted without line breaks: line
 * numbers stay.
 * @param code JavaScript as the converter made it.
 * @param cell number that the call passes on.
 */
export function guardLoops(ts: typeof TypeScript, code: string, cell: number): string {
  if (!code.includes("await") || !/\b(for|while|do)\b/.test(code)) return code;
  const source = ts.createSourceFile("cell.js", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const call = `globalThis[Symbol.for("blockwise.loop-guard")](${cell});`;
  const inserts: { at: number; text: string }[] = [];

  const visit = (node: TypeScript.Node): void => {
    if (ts.isIterationStatement(node, false) && awaits(ts, node)) {
      const body = node.statement;
      if (ts.isBlock(body)) inserts.push({ at: body.getStart(source) + 1, text: call });
      else {
        inserts.push({ at: body.getStart(source), text: `{${call}` });
        inserts.push({ at: body.end, text: "}" });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);

  inserts.sort((a, b) => b.at - a.at);
  return inserts.reduce((text, insert) => text.slice(0, insert.at) + insert.text + text.slice(insert.at), code);
}

/** True when the loop itself awaits, not only a function declared in it. */
function awaits(ts: typeof TypeScript, loop: TypeScript.Node): boolean {
  const search = (node: TypeScript.Node): boolean => {
    if (ts.isFunctionLike(node)) return false;
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined)) return true;
    return ts.forEachChild(node, (child) => search(child) || undefined) ?? false;
  };
  return search(loop);
}
