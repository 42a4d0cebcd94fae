import type * as TypeScript from "@tslab/typescript-for-tslab";

/** Statements that make the compiler know names of the package, and keep its types read when no name is wanted. */
export function preludeImport(packageName: string, names: readonly string[]): string {
  const from = JSON.stringify(packageName);
  return `import ${from};\n${names.length > 0 ? `import { ${names.join(", ")} } from ${from};\n` : ""}`;
}

/** Declarations without the statement of `preludeImport`, as tslab printed them. */
export function withoutImportOf(
  ts: typeof TypeScript,
  declarations: string,
  packageName: string,
  names: ReadonlySet<string>,
): string {
  if (!declarations.includes(JSON.stringify(packageName))) return declarations;
  const source = ts.createSourceFile("declarations.d.ts", declarations, ts.ScriptTarget.Latest, true);
  const isOurs = (statement: TypeScript.Statement): boolean => {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return false;
    const { namedBindings, name } = statement.importClause ?? {};
    if (statement.moduleSpecifier.text !== packageName || name || !namedBindings) return false;
    return (
      ts.isNamedImports(namedBindings) &&
      namedBindings.elements.every((element) => !element.propertyName && names.has(element.name.text))
    );
  };
  const kept = source.statements.filter((statement) => !isOurs(statement));
  return kept.map((statement) => statement.getText(source)).join("\n");
}

/**
 * Puts the values behind the names into the cells' scope without loading the package.
 *
 * The scope gets a prototype whose getters load the package at the first use of any name, so that a kernel is ready
 * before TensorFlow.js is read. A cell that declares a variable of the same name hides the prelude's, as it should.
 */
export function bindPrelude(scope: object, names: readonly string[], load: () => Record<string, unknown>): void {
  const prototype = {};
  for (const name of names) {
    Object.defineProperty(prototype, name, {
      get: () => load()[name],
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      },
      configurable: true,
    });
  }
  Object.setPrototypeOf(scope, prototype);
}
