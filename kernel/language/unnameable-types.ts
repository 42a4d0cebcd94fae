import type * as TypeScript from "@tslab/typescript-for-tslab";
import type { Diagnostic } from "tslab/dist/converter";

/**
 * Codes of the errors about a declaration whose inferred type cannot be written down: not portable (2742), too long to
 * serialise (7056), of a name that its module does not export (the others; variables, members, parameters, functions).
 */
const UNNAMEABLE = new Set([
  2742, 7056, 4023, 4024, 4025, 4026, 4027, 4028, 4029, 4030, 4031, 4050, 4051, 4052, 4053, 4054, 4055, 4058, 4059,
  4060,
]);

interface Insert {
  readonly at: number;
  readonly text: string;
}

/**
 * Annotates the declarations of such errors with `any`, so that the cell runs: what tslab carries from cell to cell are
 * declarations, an ordinary program would never notice.
 * @returns undefined when there are other errors, or nothing at the place could be annotated.
 */
export function annotateUnnameable(
  ts: typeof TypeScript,
  source: string,
  diagnostics: readonly Diagnostic[],
): string | undefined {
  if (diagnostics.length === 0 || diagnostics.some(({ code, fileName }) => !UNNAMEABLE.has(code) || fileName))
    return undefined;
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const inserts = new Map<number, Insert>();
  for (const { start } of diagnostics) {
    const insert = annotation(ts, file, start.offset);
    if (!insert) return undefined;
    inserts.set(insert.at, insert);
  }
  return [...inserts.values()]
    .sort((a, b) => b.at - a.at)
    .reduce((text, { at, text: inserted }) => text.slice(0, at) + inserted + text.slice(at), source);
}

/** Of the innermost declaration around the position that can carry a type and has none. */
function annotation(ts: typeof TypeScript, file: TypeScript.SourceFile, position: number): Insert | undefined {
  for (let node: TypeScript.Node | undefined = nodeAt(ts, file, position); node; node = node.parent) {
    if (ts.isVariableDeclaration(node)) {
      return node.type ? undefined : { at: node.name.end, text: `: ${typeOf(ts, node.initializer)}` };
    }
    if (ts.isPropertyDeclaration(node) || ts.isParameter(node)) {
      const mark = node.questionToken ?? (ts.isPropertyDeclaration(node) ? node.exclamationToken : undefined);
      return node.type ? undefined : { at: (mark ?? node.name).end, text: ": any" };
    }
    if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isGetAccessorDeclaration(node)) {
      const closing = node.getChildren(file).find(({ kind }) => kind === ts.SyntaxKind.CloseParenToken);
      return node.type || !closing ? undefined : { at: closing.end, text: ": any" };
    }
  }
  return undefined;
}

/** What a module imported at run time is can be said; of other values nothing is known. */
function typeOf(ts: typeof TypeScript, value: TypeScript.Expression | undefined): string {
  if (!value || !ts.isAwaitExpression(value) || !ts.isCallExpression(value.expression)) return "any";
  const { expression, arguments: given } = value.expression;
  const [name] = given;
  if (expression.kind !== ts.SyntaxKind.ImportKeyword || !name || !ts.isStringLiteral(name)) return "any";
  const module = `typeof import(${JSON.stringify(name.text)})`;
  return `${module} & { default: ${module} }`;
}

function nodeAt(ts: typeof TypeScript, file: TypeScript.SourceFile, position: number): TypeScript.Node {
  const search = (node: TypeScript.Node): TypeScript.Node =>
    ts.forEachChild(node, (child) =>
      child.getStart(file) <= position && position < child.end ? search(child) : undefined,
    ) ?? node;
  return search(file);
}
