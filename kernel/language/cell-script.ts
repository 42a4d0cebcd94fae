import type * as TypeScript from "typescript";
import type { CellOutline } from "./declared-names";
import { freeReferences } from "./free-references";
import { insertGuards } from "./loop-guard";
import { promoteNumbers } from "./number-loops";
import type { SessionNames } from "./session-names";
import { type EditedText, Rank, TextEdits } from "./text-edits";

/** One import of a cell, loaded before its code runs. */
export interface CellImport {
  readonly specifier: string;
  /** What is taken of it: `default`, `*` or a name, each into the setter of the same place. */
  readonly taken: readonly { readonly name: string; readonly binding: string }[];
}

export interface CellScript {
  /** A function expression; `code.text` is to be run. */
  readonly code: EditedText;
  readonly parameters: readonly string[];
  /** Variables that must be there before the code is compiled. */
  readonly bindings: readonly string[];
  readonly imports: readonly CellImport[];
  /** After which mark a name has its value. */
  readonly marks: ReadonlyMap<string, number>;
}

const CELL_PARAMETERS = ["require", "module", "exports", "__filename", "__dirname"];
const TIMERS = ["setTimeout", "setInterval", "setImmediate"];
/** Invisible: the function that a declaration makes, before the session's variable holds it. */
const MADE = "\u200d";

/**
 * Makes a script of a cell's JavaScript, in which what the cell declares at its top level are variables of the session:
 * lexical ones of the global scope, one for each name and for good, which all cells and all their functions share.
 * A second declaration is an assignment.
 *
 * Line numbers stay. Before each statement the script notes how far it came, `__cell.at`.
 * @param code an ES module as the compiler emits it.
 * @param numeric names of the cell's own variables that are numbers by their types.
 * @param run number of the run, for the guards.
 * @param valued whether the last statement is an expression, whose value is the cell's.
 */
export function toCellScript(
  ts: typeof TypeScript,
  code: string,
  outline: CellOutline,
  session: SessionNames,
  numeric: ReadonlySet<string>,
  run: number,
  valued: boolean,
): CellScript {
  const source = ts.createSourceFile("cell.js", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const edits = new TextEdits();
  const { values } = outline;
  const isShared = (name: string): boolean => values.has(name) || session.isBound(name);
  const references = freeReferences(ts, source);
  session.makesCode ||= references.some(({ node }) => node.text === "eval" || node.text === "Function");
  const shared = references.filter(({ node }) => isShared(node.text));
  const used = new Set(shared.map(({ node }) => node.text));
  for (const { node, inFunction } of shared) if (inFunction) session.captured.add(node.text);

  const marks = new Map<string, number>();
  const imports: CellImport[] = [];
  const prefix: string[] = [];
  const hiddenNames = new Set<TypeScript.Node>();
  let mark = 0;
  const bindingOf = (name: string): string => session.bindingOf(name);

  const declares = (name: TypeScript.BindingName): boolean =>
    ts.isIdentifier(name)
      ? values.has(name.text)
      : name.elements.some((element) => ts.isBindingElement(element) && declares(element.name));
  const noteMark = (name: TypeScript.BindingName): void => {
    if (ts.isIdentifier(name)) marks.set(name.text, mark);
    else for (const element of name.elements) if (ts.isBindingElement(element)) noteMark(element.name);
  };
  const remove = (from: number, to: number, text = ""): void => edits.replace(from, to, text, code);

  /** `let a = 1, { b } = f()` as assignments: statements of their own, with marks between them, at the top level. */
  const assign = (list: TypeScript.VariableDeclarationList, asStatements: boolean): void => {
    const isHead = ts.isForOfStatement(list.parent) || ts.isForInStatement(list.parent);
    const { declarations } = list;
    remove(list.getStart(source), declarations[0]!.getStart(source));
    declarations.forEach((declaration, i) => {
      const { name, initializer } = declaration;
      const last = i === declarations.length - 1;
      const pattern = !ts.isIdentifier(name) && !isHead;
      // A declaration without a value sets undefined, as it would at its place; `var` keeps what the name has.
      const reset = !(list.flags & ts.NodeFlags.BlockScoped) ? isMade(name) : true;
      if (pattern) edits.insert(name.getStart(source), Rank.openBlock, "(");
      if (!initializer && reset && !isHead) edits.insert(name.end, Rank.close, " = undefined");
      if (pattern) edits.insert(declaration.end, Rank.closeBlock, ")");
      if (asStatements) mark += 1;
      noteMark(name);
      if (last) return;
      remove(declaration.end, declarations[i + 1]!.pos, asStatements ? `; __cell.at = ${mark};` : ",");
    });
  };
  /** Enums and namespaces are made anew, not added to what the name has. */
  const isMade = (name: TypeScript.BindingName): boolean => {
    const kind = ts.isIdentifier(name) ? values.get(name.text) : undefined;
    return kind === "enum" || kind === "namespace";
  };

  /** `var` that stands deeper is the session's too. */
  const nested = (node: TypeScript.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return;
    if (ts.isVariableDeclarationList(node) && !(node.flags & ts.NodeFlags.BlockScoped)) {
      if (node.declarations.some(({ name }) => declares(name))) {
        assign(node, false);
      }
    }
    ts.forEachChild(node, nested);
  };

  const importOf = (statement: TypeScript.ImportDeclaration): CellImport => {
    const specifier = (statement.moduleSpecifier as TypeScript.StringLiteral).text;
    const { name, namedBindings } = statement.importClause ?? {};
    const taken: { name: string; binding: string }[] = [];
    const take = (from: string, to: string): void => {
      marks.set(to, 0);
      used.add(to);
      taken.push({ name: from, binding: bindingOf(to) });
    };
    if (name) take("default", name.text);
    if (namedBindings && ts.isNamespaceImport(namedBindings)) take("*", namedBindings.name.text);
    else
      for (const element of namedBindings?.elements ?? [])
        take((element.propertyName ?? element.name).text, element.name.text);
    return { specifier, taken };
  };

  const functionStatement = (statement: TypeScript.FunctionDeclaration): void => {
    const { name } = statement;
    if (!name || !values.has(name.text)) return;
    hiddenNames.add(name);
    edits.replace(name.getStart(source), name.end, bindingOf(name.text) + MADE, code);
    prefix.push(`${bindingOf(name.text)}=__cell.named(${bindingOf(name.text)}${MADE},${JSON.stringify(name.text)});`);
    marks.set(name.text, 0);
  };

  for (const statement of source.statements) {
    const start = statement.getStart(source);
    mark += 1;
    const isFunction = ts.isFunctionDeclaration(statement);
    if (!isFunction) edits.insert(start, Rank.mark, `__cell.at = ${mark}; `);
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    const exporting = modifiers.filter(
      ({ kind }) => kind === ts.SyntaxKind.ExportKeyword || kind === ts.SyntaxKind.DefaultKeyword,
    );
    const anonymous = (isFunction || ts.isClassDeclaration(statement)) && !statement.name;
    for (const modifier of exporting) remove(modifier.getStart(source), modifier.end + 1);
    if (ts.isImportDeclaration(statement)) {
      const found = importOf(statement);
      if (!found.specifier.startsWith("./__cell_")) imports.push(found);
      remove(start, statement.end);
    } else if (ts.isExportDeclaration(statement)) {
      const from = statement.moduleSpecifier;
      if (from && ts.isStringLiteral(from)) imports.push({ specifier: from.text, taken: [] });
      remove(start, statement.end);
    } else if (ts.isExportAssignment(statement)) {
      remove(start, statement.expression.getStart(source));
    } else if (ts.isVariableStatement(statement)) {
      const { declarationList } = statement;
      if (declarationList.declarations.some(({ name }) => declares(name))) assign(declarationList, true);
    } else if (anonymous) {
      edits.insert(start, Rank.mark, "(");
      edits.insert(statement.end, Rank.close, ");");
    } else if (isFunction) {
      functionStatement(statement);
    } else if (ts.isClassDeclaration(statement)) {
      const { name } = statement;
      if (name && values.has(name.text)) {
        hiddenNames.add(name);
        const classAt = exporting.length > 0 ? exporting.at(-1)!.end + 1 : start;
        edits.insert(classAt, Rank.openBlock, `${bindingOf(name.text)} = `);
        edits.insert(statement.end, Rank.close, ";");
        mark += 1;
        marks.set(name.text, mark);
      }
    } else nested(statement);
  }

  const last = valued ? lastExpression(ts, source) : undefined;
  if (last) {
    edits.insert(last.getStart(source), Rank.openLoop, "__cell.value = (");
    edits.insert(last.end, Rank.closeLoop, ")");
  }
  const numbers = shared.filter(({ node }) => {
    const isNumber = values.has(node.text) ? numeric.has(node.text) : session.isNumeric(node.text);
    return isNumber && !session.makesCode && !session.captured.has(node.text);
  });
  const promoted = promoteNumbers(ts, source, numbers, bindingOf, edits);
  for (const { node } of shared) {
    if (!hiddenNames.has(node) && !promoted.has(node)) renameTo(ts, source, node, bindingOf(node.text), edits);
  }
  callKernel(ts, source, edits);
  insertGuards(ts, source, run, edits);

  const free = references.map(({ node }) => node.text).filter((name) => !isShared(name));
  const timers = TIMERS.filter((name) => free.includes(name));
  if (timers.length > 0) {
    prefix.unshift(`const {${timers.join()}}=globalThis[Symbol.for("blockwise.cell-timers")](${run});`);
  }
  const setters = imports.flatMap(({ taken }) => taken.map(({ binding }) => `v=>{${binding}=v;}`));
  if (setters.length > 0) prefix.push(`__cell.imports([${setters.join()}]);`);
  const parameters = ["__cell", ...CELL_PARAMETERS.filter((name) => !isShared(name))];
  const asynchronous = awaitsAtTopLevel(ts, source) ? "async " : "";
  const before = `(${asynchronous}function(${parameters.join()}){"use strict";${prefix.join("")}`;
  edits.insert(code.length, Rank.open, `\n__cell.at = ${mark + 1};})`);
  return {
    code: edits.apply(code, before),
    parameters,
    bindings: [...new Set([...values.keys(), ...used].map(bindingOf))],
    imports,
    marks,
  };
}

/** The expression that ends the cell; behind `using` the compiler puts all statements into a `try`. */
function lastExpression(ts: typeof TypeScript, source: TypeScript.SourceFile): TypeScript.Expression | undefined {
  let statement = [...source.statements]
    .reverse()
    .find((one) => !ts.isExportDeclaration(one) && !ts.isEmptyStatement(one));
  while (statement && ts.isTryStatement(statement)) statement = statement.tryBlock.statements.at(-1);
  return statement && ts.isExpressionStatement(statement) ? statement.expression : undefined;
}

function renameTo(
  ts: typeof TypeScript,
  source: TypeScript.SourceFile,
  node: TypeScript.Identifier,
  binding: string,
  edits: TextEdits,
): void {
  if (binding === node.text) return;
  const { parent } = node;
  const isShort =
    ts.isShorthandPropertyAssignment(parent) ||
    (ts.isBindingElement(parent) &&
      parent.name === node &&
      !parent.propertyName &&
      !parent.dotDotDotToken &&
      ts.isObjectBindingPattern(parent.parent));
  if (isShort) edits.insert(node.end, Rank.close, `: ${binding}`);
  else edits.replace(node.getStart(source), node.end, binding, source.text);
}

/** `import(x)` and `import.meta` are the kernel's. */
function callKernel(ts: typeof TypeScript, source: TypeScript.SourceFile, edits: TextEdits): void {
  const visit = (node: TypeScript.Node): void => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      edits.replace(node.expression.getStart(source), node.expression.end, "__cell.import", source.text);
    } else if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) {
      edits.replace(node.getStart(source), node.end, "__cell.meta", source.text);
    }
    ts.forEachChild(node, visit);
  };
  if (source.text.includes("import")) visit(source);
}

/** True when there is an `await` outside of functions. */
export function awaitsAtTopLevel(ts: typeof TypeScript, root: TypeScript.Node): boolean {
  const search = (node: TypeScript.Node): boolean => {
    if (ts.isFunctionLike(node)) return false;
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined)) return true;
    return ts.forEachChild(node, (child) => search(child) || undefined) ?? false;
  };
  return search(root);
}
