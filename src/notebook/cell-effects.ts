import type * as TypeScript from "typescript";
import { typescript } from "./typescript";

/** Names of the notebook's scope that a piece of code deals with. */
export interface Effects {
  /** Read, or only asked for a property. */
  readonly reads: Set<string>;
  /** Assigned, or changed within: `x = 1`, `x.y++`, `delete x.y`, `x.push(1)`. */
  readonly writes: Set<string>;
}

export interface CellEffects extends Effects {
  /** Names that the cell declares, with the declaration's text where it is a function or class. */
  readonly declares: ReadonlyMap<string, string | undefined>;
  /** What functions and classes that the cell declares do when they are called. */
  readonly functions: ReadonlyMap<string, Effects>;
}

/** Methods of arrays, maps and sets that change them. */
const CHANGING = new Set(
  "push pop shift unshift splice sort reverse fill copyWithin set add delete clear assign".split(" "),
);

/** What a cell does at once, and what its functions do later; only syntax is looked at, so an alias is another name. */
export function cellEffects(source: string): CellEffects {
  const ts = typescript();
  const file = ts.createSourceFile("cell.tsx", source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const now: Effects = { reads: new Set(), writes: new Set() };
  const declares = new Map<string, string | undefined>();
  const functions = new Map<string, Effects>();
  const later = (name: TypeScript.Identifier, node: TypeScript.Node, declaration: TypeScript.Node) => {
    const effects: Effects = { reads: new Set(), writes: new Set() };
    walk(node, effects, []);
    functions.set(name.text, effects);
    declares.set(name.text, declaration.getText(file));
  };
  for (const statement of file.statements) {
    if ((ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name) {
      later(statement.name, statement, statement);
      continue;
    }
    if (!ts.isVariableStatement(statement)) {
      for (const name of ownNames(statement)) declares.set(name, undefined);
      walk(statement, now, []);
      continue;
    }
    for (const declaration of statement.declarationList.declarations) {
      const { name, initializer } = declaration;
      if (ts.isIdentifier(name) && initializer && isFunctionLike(initializer)) later(name, initializer, declaration);
      else {
        for (const one of boundNames(name)) declares.set(one, undefined);
        walk(declaration, now, []);
      }
    }
  }
  return { ...now, declares, functions };
}

function isFunctionLike(node: TypeScript.Node): boolean {
  const ts = typescript();
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node) || ts.isClassExpression(node);
}

type Scopes = readonly ReadonlySet<string>[];

function walk(node: TypeScript.Node, effects: Effects, scopes: Scopes): void {
  const ts = typescript();
  if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isImportDeclaration(node)) return;
  const inner = scopeOf(node);
  const within = inner ? [...scopes, inner] : scopes;
  const isFree = (name: string) => !within.some((scope) => scope.has(name));
  const writes = (target: TypeScript.Node) => {
    for (const name of rootNames(target)) if (isFree(name)) effects.writes.add(name);
  };
  if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) {
    writes(node.left);
    // What is only written is not read; what is written within an object is.
    if (node.operatorToken.kind === ts.SyntaxKind.EqualsToken && ts.isIdentifier(node.left)) {
      walk(node.right, effects, within);
      return;
    }
  } else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    if ([ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken].includes(node.operator)) writes(node.operand);
  } else if (ts.isDeleteExpression(node)) writes(node.expression);
  else if (ts.isForOfStatement(node) || ts.isForInStatement(node)) {
    if (!ts.isVariableDeclarationList(node.initializer)) writes(node.initializer);
  } else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression;
    if (CHANGING.has(name.text)) writes(expression.getText() === "Object" ? node.arguments[0] : expression);
  } else if (ts.isIdentifier(node) && isRead(node) && isFree(node.text)) effects.reads.add(node.text);
  ts.forEachChild(node, (child) => walk(child, effects, within));
}

function isAssignment(kind: TypeScript.SyntaxKind): boolean {
  const { FirstAssignment, LastAssignment } = typescript().SyntaxKind;
  return kind >= FirstAssignment && kind <= LastAssignment;
}

/** The variables whose value an assignment to this changes: `a` of `a.b[c]`, all of `[a, { b: c.d }]`. */
function rootNames(target: TypeScript.Node | undefined): string[] {
  const ts = typescript();
  if (!target) return [];
  if (ts.isIdentifier(target)) return [target.text];
  if (ts.isPropertyAccessExpression(target) || ts.isElementAccessExpression(target) || ts.isNonNullExpression(target)) {
    return rootNames(target.expression);
  }
  if (ts.isParenthesizedExpression(target) || ts.isAsExpression(target)) return rootNames(target.expression);
  if (ts.isArrayLiteralExpression(target)) return target.elements.flatMap(rootNames);
  if (ts.isSpreadElement(target)) return rootNames(target.expression);
  if (ts.isBinaryExpression(target)) return rootNames(target.left); // a default
  if (!ts.isObjectLiteralExpression(target)) return [];
  return target.properties.flatMap((part) => {
    if (ts.isShorthandPropertyAssignment(part)) return [part.name.text];
    if (ts.isPropertyAssignment(part)) return rootNames(part.initializer);
    return ts.isSpreadAssignment(part) ? rootNames(part.expression) : [];
  });
}

function isRead(node: TypeScript.Identifier): boolean {
  const ts = typescript();
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent) || ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isShorthandPropertyAssignment(parent) || ts.isExportSpecifier(parent)) return true;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return false;
  return !("name" in parent && parent.name === node);
}

/** Names that a node binds for what is in it; undefined where it has no scope of its own. */
function scopeOf(node: TypeScript.Node): Set<string> | undefined {
  const ts = typescript();
  if (ts.isFunctionLike(node)) {
    const own = "name" in node && node.name && ts.isIdentifier(node.name) ? [node.name.text] : [];
    return new Set([...own, "arguments", ...node.parameters.flatMap(({ name }) => boundNames(name))]);
  }
  if (ts.isClassLike(node)) return new Set(node.name ? [node.name.text] : []);
  if (ts.isBlock(node) || ts.isModuleBlock(node)) return new Set(node.statements.flatMap(ownNames));
  if (ts.isCaseBlock(node)) return new Set(node.clauses.flatMap(({ statements }) => statements.flatMap(ownNames)));
  if (ts.isForStatement(node) || ts.isForOfStatement(node) || ts.isForInStatement(node)) {
    const head = node.initializer;
    return new Set(
      head && ts.isVariableDeclarationList(head) ? head.declarations.flatMap(({ name }) => boundNames(name)) : [],
    );
  }
  if (ts.isCatchClause(node)) return new Set(node.variableDeclaration ? boundNames(node.variableDeclaration.name) : []);
  return undefined;
}

/** Names that a statement declares beside it. */
function ownNames(statement: TypeScript.Statement): string[] {
  const ts = typescript();
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  }
  if (ts.isImportDeclaration(statement)) {
    const { name, namedBindings } = statement.importClause ?? {};
    const more = !namedBindings
      ? []
      : ts.isNamespaceImport(namedBindings)
        ? [namedBindings.name.text]
        : namedBindings.elements.map((one) => one.name.text);
    return [...(name ? [name.text] : []), ...more];
  }
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isModuleDeclaration(statement);
  return isNamed && statement.name && ts.isIdentifier(statement.name) ? [statement.name.text] : [];
}

function boundNames(name: TypeScript.BindingName): string[] {
  const ts = typescript();
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? boundNames(element.name) : []));
}
