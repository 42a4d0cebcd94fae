import type * as TypeScript from "typescript";
import type { Reference } from "./free-references";
import { Rank, type TextEdits } from "./text-edits";

/** Invisible, and allowed inside identifiers: the local copy of a variable. */
const COPY = "\u200d\u200c";

/**
 * Lets loops of a cell's top level count in locals: V8 makes a new object of every number that it writes to a variable
 * which outlives the code, and a loop takes ten times as long.
 *
 * Only variables that no function refers to are copied, and only in loops that do not await: while such a loop runs
 * nobody else can see them. Each write goes to a typed array too, from which the kernel takes the values when the loop is
 * terminated from outside, where no `finally` runs. So sharing is exact at every moment.
 * @param references to variables of the session that are numbers and that no function refers to.
 * @param bindingOf the variable that holds a name's value.
 * @returns the references whose text is replaced here.
 */
export function promoteNumbers(
  ts: typeof TypeScript,
  source: TypeScript.SourceFile,
  references: readonly Reference[],
  bindingOf: (name: string) => string,
  edits: TextEdits,
): ReadonlySet<TypeScript.Identifier> {
  const done = new Set<TypeScript.Identifier>();
  let loops = 0;

  const promote = (loop: TypeScript.Node): void => {
    const inside = references.filter(({ node }) => node.pos >= loop.pos && node.end <= loop.end);
    const byName = new Map<string, TypeScript.Identifier[]>();
    for (const { node } of inside) byName.set(node.text, [...(byName.get(node.text) ?? []), node]);
    const chosen = [...byName].filter(
      ([, nodes]) =>
        nodes.some((node) => writeOf(ts, node) !== undefined) && nodes.every((node) => !isPattern(ts, node)),
    );
    if (chosen.length === 0) return;
    const numbers = `__numbers${loops++}`;
    const copies = chosen.map(([name]) => bindingOf(name) + COPY);
    const bindings = chosen.map(([name]) => bindingOf(name));
    const start = loop.getStart(source);
    const put = bindings.map((binding, i) => `${binding}=m[${i}];`).join("");
    const initial = copies.map((copy, i) => `${numbers}[${i}]=${copy};`).join("");
    edits.insert(
      start,
      Rank.openLoop,
      `{let ${copies.map((copy, i) => `${copy}=${bindings[i]}`).join(",")};const ${numbers}=__cell.numbers(${copies.length},m=>{${put}});${initial}try{`,
    );
    const back = bindings.map((binding, i) => `${binding}=${copies[i]};`).join("");
    edits.insert(loop.end, Rank.closeLoop, `}finally{${back}__cell.counted();}}`);
    chosen.forEach(([, nodes], i) => {
      for (const node of nodes) {
        done.add(node);
        rewrite(node, copies[i]!, `${numbers}[${i}]`);
      }
    });
  };

  const rewrite = (node: TypeScript.Identifier, copy: string, mirror: string): void => {
    const write = writeOf(ts, node);
    if (ts.isShorthandPropertyAssignment(node.parent)) {
      edits.insert(node.end, Rank.close, `: ${copy}`);
      return;
    }
    if (write === undefined) {
      edits.replace(node.getStart(source), node.end, copy, source.text);
      return;
    }
    const [start, end] = [write.getStart(source), write.end];
    if (ts.isPostfixUnaryExpression(write)) {
      const operator = write.operator === ts.SyntaxKind.PlusPlusToken ? "++" : "--";
      const sign = operator[0];
      const text = isUnused(ts, write)
        ? `(${mirror}=${operator}${copy})`
        : `(${mirror}=${copy}${sign}1,${copy}${operator})`;
      edits.replace(start, end, text, source.text);
      return;
    }
    edits.insert(start, Rank.open, `(${mirror}=`);
    edits.replace(node.getStart(source), node.end, copy, source.text, Rank.open + 1);
    edits.insert(end, Rank.close, ")");
  };

  const visit = (node: TypeScript.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return;
    if (ts.isIterationStatement(node, false) && isPlain(ts, node)) {
      // A label must stay at its loop.
      let whole: TypeScript.Node = node;
      while (ts.isLabeledStatement(whole.parent)) whole = whole.parent;
      promote(whole);
    } else ts.forEachChild(node, visit);
  };
  if (references.length > 0) visit(source);
  return done;
}

/** Nobody else runs while it runs. */
function isPlain(ts: typeof TypeScript, loop: TypeScript.Node): boolean {
  const holds = (node: TypeScript.Node): boolean => {
    if (ts.isFunctionLike(node) && node !== loop) return true;
    if (ts.isAwaitExpression(node) || ts.isYieldExpression(node)) return false;
    if (ts.isForOfStatement(node) && node.awaitModifier !== undefined) return false;
    return !(ts.forEachChild(node, (child) => (holds(child) ? undefined : true)) ?? false);
  };
  return holds(loop);
}

/** The expression that writes the variable, undefined where it is only read. */
function writeOf(ts: typeof TypeScript, node: TypeScript.Identifier): TypeScript.Expression | undefined {
  const { parent } = node;
  if (ts.isPostfixUnaryExpression(parent)) return parent;
  if (ts.isPrefixUnaryExpression(parent)) {
    const { PlusPlusToken, MinusMinusToken } = ts.SyntaxKind;
    return parent.operator === PlusPlusToken || parent.operator === MinusMinusToken ? parent : undefined;
  }
  if (ts.isBinaryExpression(parent) && parent.left === node) {
    const { kind } = parent.operatorToken;
    const { FirstAssignment, LastAssignment } = ts.SyntaxKind;
    return kind >= FirstAssignment && kind <= LastAssignment ? parent : undefined;
  }
  return undefined;
}

/** Written in another way than by an operator: declared there, in a pattern, or as the variable of `for-of`. */
function isPattern(ts: typeof TypeScript, node: TypeScript.Identifier): boolean {
  if (ts.isVariableDeclaration(node.parent) || ts.isBindingElement(node.parent)) return true;
  if (ts.isParenthesizedExpression(node.parent)) return true;
  if (ts.isShorthandPropertyAssignment(node.parent) && node.parent.objectAssignmentInitializer) return true;
  for (let child: TypeScript.Node = node, at = node.parent; at; child = at, at = at.parent) {
    if (ts.isBinaryExpression(at) && at.left === child && at.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
      if (ts.isObjectLiteralExpression(child) || ts.isArrayLiteralExpression(child)) return true;
    }
    if ((ts.isForOfStatement(at) || ts.isForInStatement(at)) && at.initializer === child) return true;
    if (ts.isStatement(at)) return false;
  }
  return false;
}

function isUnused(ts: typeof TypeScript, node: TypeScript.Expression): boolean {
  const { parent } = node;
  return ts.isExpressionStatement(parent) || (ts.isForStatement(parent) && parent.incrementor === node);
}
