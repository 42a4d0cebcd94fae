import type * as TypeScript from "@tslab/typescript-for-tslab";

/**
 * Spells shorthand properties out, `{ x }` as `{ x: x }`.
 *
 * tslab finds the variables of earlier cells by their symbols, and the symbol of a shorthand property is the property:
 * at run time the variable would not be there. Text is inserted without line breaks: line numbers stay.
 */
export function spellShorthand(ts: typeof TypeScript, code: string): string {
  if (!code.includes("{")) return code;
  const source = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const inserts: { at: number; text: string }[] = [];
  const visit = (node: TypeScript.Node): void => {
    if (ts.isShorthandPropertyAssignment(node)) inserts.push({ at: node.name.end, text: `: ${node.name.text}` });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return inserts.reduceRight((text, { at, text: inserted }) => text.slice(0, at) + inserted + text.slice(at), code);
}
