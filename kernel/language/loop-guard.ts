import type * as TypeScript from "@tslab/typescript-for-tslab";

/** Where the kernel puts the function that guarded code calls: `(run, value?) => value`, which throws in a stopped run. */
export const LOOP_GUARD: unique symbol = Symbol.for("blockwise.loop-guard");

/** Where the kernel puts the function that gives the run that an async function was called in. */
export const ENTER_RUN: unique symbol = Symbol.for("blockwise.enter-run");

const GUARD = 'globalThis[Symbol.for("blockwise.loop-guard")]';
const ENTER = 'globalThis[Symbol.for("blockwise.enter-run")]';
const RUN = "__blockwiseRun";

/** At equal positions what closes comes first, and a block opens before what stands in it. */
const Rank = { close: 0, closeBlock: 1, openBlock: 2, open: 3 } as const;

interface Insert {
  readonly at: number;
  readonly rank: number;
  readonly text: string;
}

/**
 * Makes code that awaits stop for good when its run was interrupted: after each `await`, and at the start of each turn of
 * a loop that awaits, the kernel is asked.
 *
 * Such code would otherwise go on unseen after its cell was given up. An async function belongs to the run that called
 * it, not to the cell that declared it. Text is inserted without line breaks: line numbers stay.
 * @param code JavaScript as the converter made it.
 * @param run number of the run, for what stands outside of functions.
 */
export function guardLoops(ts: typeof TypeScript, code: string, run: number): string {
  if (!code.includes("await")) return code;
  const source = parse(ts, code);
  const inserts: Insert[] = [];

  const visit = (node: TypeScript.Node, owner: string | undefined): void => {
    let inside = owner;
    if (ts.isFunctionLike(node)) inside = enter(node);
    else if (owner !== undefined) guard(node, owner);
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
    inserts.push({ at, rank: Rank.openBlock, text: `const ${RUN} = ${ENTER}(${run}); ` });
    return RUN;
  };

  const guard = (node: TypeScript.Node, owner: string): void => {
    if (ts.isAwaitExpression(node)) {
      inserts.push({ at: node.getStart(source), rank: Rank.open, text: `${GUARD}(${owner}, ` });
      inserts.push({ at: node.end, rank: Rank.close, text: ")" });
    } else if (ts.isIterationStatement(node, false) && awaits(ts, node)) {
      const body = node.statement;
      const call = `${GUARD}(${owner});`;
      if (ts.isBlock(body)) inserts.push({ at: body.getStart(source) + 1, rank: Rank.openBlock, text: call });
      else {
        inserts.push({ at: body.getStart(source), rank: Rank.openBlock, text: `{${call}` });
        inserts.push({ at: body.end, rank: Rank.closeBlock, text: "}" });
      }
    }
  };

  ts.forEachChild(source, (child) => visit(child, String(run)));
  inserts.sort((a, b) => a.at - b.at || a.rank - b.rank);
  let text = "";
  let from = 0;
  for (const insert of inserts) {
    text += code.slice(from, insert.at) + insert.text;
    from = insert.at;
  }
  return text + code.slice(from);
}

/** What `guardLoops` inserts, for texts that are compared with the cell. */
export const GUARD_TEXT =
  /globalThis\[Symbol\.for\("blockwise\.loop-guard"\)\]\((?:\d+|__blockwiseRun)(?:\);|, )|const __blockwiseRun = globalThis\[Symbol\.for\("blockwise\.enter-run"\)\]\(\d+\); /g;

/** True when there is an `await` outside of functions. */
export function awaitsAtTopLevel(ts: typeof TypeScript, code: string): boolean {
  if (!code.includes("await")) return false;
  return awaits(ts, parse(ts, code));
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
