import type * as TypeScript from "typescript";

/** A use of a name that no scope within the cell declares: of a variable of the session, or a global. */
export interface Reference {
  readonly node: TypeScript.Identifier;
  /** Within a function or a class: it may run at any time. */
  readonly inFunction: boolean;
}

type Scope = Set<string>;

/**
 * All references of JavaScript code to names of its top level or beyond it.
 * @param source a module as the compiler emits it, with parents set.
 */
export function freeReferences(ts: typeof TypeScript, source: TypeScript.SourceFile): Reference[] {
  const found: Reference[] = [];
  const scopes: Scope[] = [];
  let depth = 0;

  const bind = (name: TypeScript.BindingName, scope: Scope): void => {
    if (ts.isIdentifier(name)) scope.add(name.text);
    else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name, scope);
  };

  /** `let`, `const`, classes and functions of the statements themselves. */
  const lexical = (statements: readonly TypeScript.Statement[], scope: Scope): void => {
    for (const statement of statements) {
      if (ts.isVariableStatement(statement)) {
        const { flags, declarations } = statement.declarationList;
        if (flags & ts.NodeFlags.BlockScoped) for (const { name } of declarations) bind(name, scope);
      } else if ((ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name) {
        scope.add(statement.name.text);
      }
    }
  };

  const hoisted = (node: TypeScript.Node, scope: Scope): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return;
    if (ts.isVariableDeclarationList(node) && !(node.flags & ts.NodeFlags.BlockScoped)) {
      for (const { name } of node.declarations) bind(name, scope);
    }
    ts.forEachChild(node, (child) => hoisted(child, scope));
  };

  const within = (scope: Scope, work: () => void): void => {
    scopes.push(scope);
    work();
    scopes.pop();
  };
  const children = (node: TypeScript.Node): void => ts.forEachChild(node, visit);

  const functionLike = (node: TypeScript.FunctionLikeDeclaration): void => {
    const scope: Scope = new Set();
    const { body } = node;
    if (ts.isFunctionExpression(node) && node.name) scope.add(node.name.text);
    if (!ts.isArrowFunction(node)) scope.add("arguments");
    for (const { name } of node.parameters) bind(name, scope);
    if (body && ts.isBlock(body)) {
      hoisted(body, scope);
      lexical(body.statements, scope);
    }
    // A computed name belongs to what is around.
    if (node.name && ts.isComputedPropertyName(node.name)) visit(node.name);
    depth += 1;
    within(scope, () => {
      for (const parameter of node.parameters) visit(parameter);
      if (body && ts.isBlock(body)) children(body);
      else if (body) visit(body);
    });
    depth -= 1;
  };

  const visit = (node: TypeScript.Node): void => {
    if (ts.isIdentifier(node)) {
      if (isReference(ts, node) && !scopes.some((scope) => scope.has(node.text))) {
        found.push({ node, inFunction: depth > 0 });
      }
    } else if (ts.isFunctionDeclaration(node) && node.name) {
      visit(node.name);
      functionLike(node);
    } else if (ts.isFunctionLike(node)) {
      functionLike(node as TypeScript.FunctionLikeDeclaration);
    } else if (ts.isClassLike(node)) {
      if (ts.isClassDeclaration(node) && node.name) visit(node.name);
      const scope: Scope = new Set(node.name ? [node.name.text] : []);
      within(scope, () => {
        for (const clause of node.heritageClauses ?? []) visit(clause);
        // Initialisers of fields and static blocks run when they will.
        depth += 1;
        for (const member of node.members) visit(member);
        depth -= 1;
      });
    } else if (ts.isBlock(node) || ts.isCaseBlock(node)) {
      const scope: Scope = new Set();
      const statements = ts.isBlock(node) ? node.statements : node.clauses.flatMap((clause) => [...clause.statements]);
      lexical(statements, scope);
      within(scope, () => children(node));
    } else if (ts.isForStatement(node) || ts.isForOfStatement(node) || ts.isForInStatement(node)) {
      const scope: Scope = new Set();
      const { initializer } = node;
      if (initializer && ts.isVariableDeclarationList(initializer) && initializer.flags & ts.NodeFlags.BlockScoped) {
        for (const { name } of initializer.declarations) bind(name, scope);
      }
      within(scope, () => children(node));
    } else if (ts.isCatchClause(node)) {
      const scope: Scope = new Set();
      if (node.variableDeclaration) bind(node.variableDeclaration.name, scope);
      within(scope, () => children(node));
    } else children(node);
  };

  children(source);
  return found;
}

/** True where the identifier stands for a variable: not for a property, a label, or a name of the module's own. */
function isReference(ts: typeof TypeScript, node: TypeScript.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.propertyName !== node;
  if (ts.isPropertyDeclaration(parent)) return parent.initializer === node;
  if (ts.isMethodDeclaration(parent) || ts.isAccessor(parent)) return false;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return false;
  if (ts.isMetaProperty(parent) || ts.isImportClause(parent) || ts.isImportSpecifier(parent)) return false;
  if (ts.isNamespaceImport(parent) || ts.isExportSpecifier(parent) || ts.isNamespaceExport(parent)) return false;
  if (ts.isImportAttribute(parent)) return false;
  return true;
}
