import type * as TypeScript from "@tslab/typescript-for-tslab";

/**
 * Removes the line in which TypeScript sets all exported names to undefined before the cell's first statement: a cell that
 * fails half-way would take away what earlier cells gave those names. Lines stay.
 */
export function withoutReset(code: string): string {
  const lines = code.split("\n");
  const mark = lines.findIndex((line) => line.startsWith('Object.defineProperty(exports, "__esModule"'));
  for (let at = mark + 1; mark >= 0 && /^(?:exports\.[^\s=.]+ = )+void 0;$/.test(lines[at] ?? ""); at++) lines[at] = "";
  return lines.join("\n");
}

/** The names that compiled code exports by a statement of its own; types have none. */
function assignableNames(compiled: string): Set<string> {
  const names = new Set<string>();
  for (const [, assigned, defined] of compiled.matchAll(/\bexports\.([^\s=.;,()[\]]+) =|\(exports, "([^"]+)"/g)) {
    names.add((assigned ?? defined)!);
  }
  return names;
}

/**
 * The declarations of a cell that ended early, as far as its statements ran: all types, and the values in `ran`.
 * @param declared declarations after the cell, those of earlier cells included.
 * @param own names that the cell declares.
 * @param compiled the cell's JavaScript, CommonJS.
 * @returns TypeScript that declares them.
 */
export function keptDeclarations(
  ts: typeof TypeScript,
  declared: string,
  own: ReadonlySet<string>,
  compiled: string,
  ran: ReadonlySet<string>,
): string {
  const assignable = assignableNames(compiled);
  const keeps = ({ text }: { text: string }): boolean => own.has(text) && (ran.has(text) || !assignable.has(text));
  const source = ts.createSourceFile("kept.d.ts", declared, ts.ScriptTarget.Latest, true);
  const kept: string[] = [];
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) {
      const { declarationList } = statement;
      const parts = declarationList.declarations.filter(({ name }) => ts.isIdentifier(name) && keeps(name));
      const keyword = declarationList.flags & ts.NodeFlags.Const ? "const" : "let";
      for (const part of parts) kept.push(`declare ${keyword} ${part.getText(source)};`);
    } else if (ts.isImportDeclaration(statement)) {
      const names = importedNames(ts, statement);
      if (names.length > 0 && names.every(keeps)) kept.push(statement.getText(source));
    } else if (
      (ts.isFunctionDeclaration(statement) ||
        ts.isClassDeclaration(statement) ||
        ts.isEnumDeclaration(statement) ||
        ts.isModuleDeclaration(statement) ||
        ts.isInterfaceDeclaration(statement) ||
        ts.isTypeAliasDeclaration(statement)) &&
      statement.name &&
      keeps(statement.name as TypeScript.Identifier)
    ) {
      kept.push(statement.getText(source));
    }
  }
  return kept.join("\n");
}

/** The names that a cell declares at its top level. */
export function declaredNames(ts: typeof TypeScript, code: string): Set<string> {
  const source = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  const names = new Set<string>();
  const bind = (name: TypeScript.BindingName): void => {
    if (ts.isIdentifier(name)) names.add(name.text);
    else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name);
  };
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) bind(name);
    else if (ts.isImportDeclaration(statement)) for (const { text } of importedNames(ts, statement)) names.add(text);
    else {
      const { name } = statement as { name?: TypeScript.Node };
      if (name && ts.isIdentifier(name)) names.add(name.text);
    }
  }
  return names;
}

function importedNames(ts: typeof TypeScript, { importClause }: TypeScript.ImportDeclaration): TypeScript.Identifier[] {
  const { name, namedBindings } = importClause ?? {};
  const bound = !namedBindings
    ? []
    : ts.isNamespaceImport(namedBindings)
      ? [namedBindings.name]
      : namedBindings.elements.map((element) => element.name);
  return name ? [name, ...bound] : bound;
}
