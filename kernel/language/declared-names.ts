import type * as TypeScript from "typescript";

export type Kind = "const" | "let" | "var" | "function" | "class" | "enum" | "namespace" | "import" | "type";

/** What a cell declares at its top level. */
export interface CellOutline {
  /** Of names with a value, in order; `var` below blocks and in heads of `for` included. */
  readonly values: ReadonlyMap<string, Kind>;
  /** Interfaces and type aliases; enums, classes, namespaces and imports are among `values`. */
  readonly types: ReadonlySet<string>;
  /** Names that the cell exports itself. */
  readonly exported: ReadonlySet<string>;
  /** It changes types outside of itself (`declare global`, `declare module`). */
  readonly augments: boolean;
  /** All words that occur in it. */
  readonly words: ReadonlySet<string>;
}

/** Reads the outline of the cell's text; wrong text gives what can be seen. */
export function outlineOf(ts: typeof TypeScript, text: string): CellOutline {
  const source = ts.createSourceFile("cell.ts", text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  const values = new Map<string, Kind>();
  const types = new Set<string>();
  const exported = new Set<string>();
  let augments = false;

  const bind = (name: TypeScript.BindingName, kind: Kind, to: { add(name: string): void }): void => {
    if (ts.isIdentifier(name)) {
      values.set(name.text, kind);
      to.add(name.text);
    } else {
      for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name, kind, to);
    }
  };
  const nowhere = { add() {} };
  /** By its own name. */
  const isExported = (node: TypeScript.Node): boolean => {
    const kinds = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []).map(({ kind }) => kind) : [];
    return kinds.includes(ts.SyntaxKind.ExportKeyword) && !kinds.includes(ts.SyntaxKind.DefaultKeyword);
  };

  /** `var` is of the whole cell, however deep it stands, but not within functions. */
  const hoisted = (node: TypeScript.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isModuleDeclaration(node)) return;
    if (ts.isVariableDeclarationList(node) && !(node.flags & ts.NodeFlags.BlockScoped)) {
      for (const { name } of node.declarations) bind(name, "var", nowhere);
    }
    ts.forEachChild(node, hoisted);
  };

  for (const statement of source.statements) {
    const to = isExported(statement) ? exported : nowhere;
    if (isAmbient(ts, statement)) {
      // Declared here, made elsewhere: no variable of the session, but later cells know it too.
      for (const name of ambientNames(ts, statement)) {
        types.add(name);
        to.add(name);
      }
      if (ts.isModuleDeclaration(statement) && !isOwnNamespace(ts, statement)) augments = true;
    } else if (ts.isVariableStatement(statement)) {
      const { flags, declarations } = statement.declarationList;
      const constant = flags & (ts.NodeFlags.Const | ts.NodeFlags.Using);
      const kind = constant ? "const" : flags & ts.NodeFlags.Let ? "let" : "var";
      for (const { name } of declarations) bind(name, kind, to);
    } else if (ts.isImportDeclaration(statement)) {
      for (const name of importedNames(ts, statement)) values.set(name, "import");
    } else if (ts.isImportEqualsDeclaration(statement)) {
      bind(statement.name, "import", to);
    } else if (ts.isFunctionDeclaration(statement)) {
      if (statement.name) bind(statement.name, "function", to);
    } else if (ts.isClassDeclaration(statement)) {
      if (statement.name) bind(statement.name, "class", to);
    } else if (ts.isEnumDeclaration(statement)) {
      bind(statement.name, "enum", to);
    } else if (ts.isModuleDeclaration(statement)) {
      if (!isOwnNamespace(ts, statement)) augments = true;
      else if (!values.has(statement.name.text as string))
        bind(statement.name as TypeScript.Identifier, "namespace", to);
      else to.add((statement.name as TypeScript.Identifier).text);
    } else if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
      types.add(statement.name.text);
      to.add(statement.name.text);
    } else if (ts.isExportDeclaration(statement)) {
      const { exportClause } = statement;
      if (exportClause && ts.isNamedExports(exportClause))
        for (const { name } of exportClause.elements) exported.add(name.text);
    } else {
      hoisted(statement);
    }
  }
  return { values, types, exported, augments, words: new Set(text.match(/[\p{L}\p{N}_$]+/gu)) };
}

function isAmbient(ts: typeof TypeScript, node: TypeScript.Statement): boolean {
  const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) ?? false;
}

function isOwnNamespace(ts: typeof TypeScript, { name, flags }: TypeScript.ModuleDeclaration): boolean {
  return ts.isIdentifier(name) && !(flags & ts.NodeFlags.GlobalAugmentation);
}

function ambientNames(ts: typeof TypeScript, statement: TypeScript.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
  }
  if (ts.isModuleDeclaration(statement) && !isOwnNamespace(ts, statement)) return [];
  const { name } = statement as { name?: TypeScript.Node };
  return name && ts.isIdentifier(name) ? [name.text] : [];
}

function importedNames(ts: typeof TypeScript, { importClause }: TypeScript.ImportDeclaration): string[] {
  const { name, namedBindings } = importClause ?? {};
  const bound = !namedBindings
    ? []
    : ts.isNamespaceImport(namedBindings)
      ? [namedBindings.name.text]
      : namedBindings.elements.map((element) => element.name.text);
  return name ? [name.text, ...bound] : bound;
}
