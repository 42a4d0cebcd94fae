import type * as TypeScript from "typescript";
import { type EditedText, Rank, TextEdits } from "./text-edits";

/** Where the kernel puts the function that guarded code calls: `(run, value?) => value`, which throws in a stopped run. */
export const LOOP_GUARD: unique symbol = Symbol.for("blockwise.loop-guard");

/** Where the kernel puts the function that gives the run that an async function was called in. */
export const ENTER_RUN: unique symbol = Symbol.for("blockwise.enter-run");

/** Name of a function without effect in the global scope: V8 looks for interrupts where one is called. */
export const TURN = "__blockwiseTurn";

const GUARD = 'globalThis[Symbol.for("blockwise.loop-guard")]';
const ENTER = 'globalThis[Symbol.for("blockwise.enter-run")]';
const RUN = "__blockwiseRun";
const GUARDED = /\b(?:await|for|while|do)\b/;

/**
 * Makes code stop when its run was interrupted: after each `await`, and at the start of each turn of a loop that awaits,
 * the kernel is asked.
 *
 * Such code would otherwise go on unseen after its cell was given up. An async function belongs to the run that called
 * it, not to the cell that declared it.
 *
 * Turns of other loops call a function without effect, where they may be long: V8 looks for interrupts at the entry of a
 * function, and at the turns of a loop only after so many kilobytes of instructions, which may be minutes of built-in
 * functions. Optimised code has the call inlined, at no cost.
 *
 * Text is inserted without line breaks: line numbers stay.
 * @param code JavaScript as the converter made it.
 * @param run number of the run, for what stands outside of functions.
 * @param before put in front of the first line.
 */
export function guardLoops(ts: typeof TypeScript, code: string, run: number, before = ""): EditedText {
  const edits = new TextEdits();
  if (GUARDED.test(code)) insertGuards(ts, parse(ts, code), run, edits);
  return edits.apply(code, before);
}

/** As {@link guardLoops}, among other edits of the same code. */
export function insertGuards(
  ts: typeof TypeScript,
  source: TypeScript.SourceFile,
  run: number,
  edits: TextEdits,
): void {
  if (!GUARDED.test(source.text)) return;

  const visit = (node: TypeScript.Node, owner: string | undefined): void => {
    let inside = owner;
    if (ts.isFunctionLike(node)) inside = enter(node);
    else guard(node, owner);
    ts.forEachChild(node, (child) => visit(child, inside));
  };

  /** The run's name inside the function; undefined where there is no statement to ask from. */
  const enter = (node: TypeScript.SignatureDeclaration): string | undefined => {
    const { body } = node as TypeScript.FunctionLikeDeclaration;
    const isAsync =
      ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
    if (!isAsync || !body || !ts.isBlock(body)) return undefined;
    // A directive must stay first.
    const first = body.statements.find((statement) => !isDirective(ts, statement));
    const at = first?.getStart(source) ?? body.end - 1;
    edits.insert(at, Rank.openBlock, `const ${RUN} = ${ENTER}(${run}); `);
    return RUN;
  };

  const guard = (node: TypeScript.Node, owner: string | undefined): void => {
    if (owner !== undefined && ts.isAwaitExpression(node)) {
      edits.insert(node.getStart(source), Rank.open, `${GUARD}(${owner}, `);
      edits.insert(node.end, Rank.close, ")");
    } else if (ts.isIterationStatement(node, false)) {
      if (owner !== undefined && awaits(ts, node)) atEachTurn(node.statement, `${GUARD}(${owner});`);
      else if (mayTakeLong(ts, node)) atEachTurn(node.statement, `${TURN}();`);
    }
  };

  const atEachTurn = (body: TypeScript.Statement, call: string): void => {
    if (ts.isBlock(body)) edits.insert(body.getStart(source) + 1, Rank.mark, call);
    else {
      edits.insert(body.getStart(source), Rank.mark, `{${call}`);
      edits.insert(body.end, Rank.closeLoop, "}");
    }
  };

  ts.forEachChild(source, (child) => visit(child, String(run)));
}

/** As a module: in a script `await (x)` is a call of a function of that name. */
function parse(ts: typeof TypeScript, code: string): TypeScript.SourceFile {
  return ts.createSourceFile("cell.js", `${code}\nexport {};`, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
}

function isDirective(ts: typeof TypeScript, statement: TypeScript.Statement): boolean {
  return ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression);
}

/** True when the node itself awaits, not only a function declared in it. */
function awaits(ts: typeof TypeScript, root: TypeScript.Node): boolean {
  const search = (node: TypeScript.Node): boolean => {
    if (ts.isFunctionLike(node)) return false;
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined)) return true;
    return ts.forEachChild(node, (child) => search(child) || undefined) ?? false;
  };
  return search(root);
}

/** True when one turn of the loop may take long: it calls what may be built in, or computes with big integers. */
function mayTakeLong(ts: typeof TypeScript, loop: TypeScript.Node): boolean {
  const { AsteriskToken, AsteriskAsteriskToken, SlashToken, PercentToken } = ts.SyntaxKind;
  const { AsteriskEqualsToken, AsteriskAsteriskEqualsToken, SlashEqualsToken, PercentEqualsToken } = ts.SyntaxKind;
  const slow: ReadonlySet<TypeScript.SyntaxKind> = new Set([
    ...[AsteriskToken, AsteriskAsteriskToken, SlashToken, PercentToken],
    ...[AsteriskEqualsToken, AsteriskAsteriskEqualsToken, SlashEqualsToken, PercentEqualsToken],
    ...[ts.SyntaxKind.CallExpression, ts.SyntaxKind.NewExpression, ts.SyntaxKind.TaggedTemplateExpression],
    ...[ts.SyntaxKind.ForOfStatement, ts.SyntaxKind.ForInStatement, ts.SyntaxKind.YieldExpression],
    ...[ts.SyntaxKind.SpreadElement, ts.SyntaxKind.SpreadAssignment, ts.SyntaxKind.ArrayBindingPattern],
    ts.SyntaxKind.TemplateExpression,
  ]);
  const search = (node: TypeScript.Node): boolean =>
    slow.has(node.kind) || (ts.forEachChild(node, (child) => search(child) || undefined) ?? false);
  return search(loop);
}
