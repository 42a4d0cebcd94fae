import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type * as TypeScript from "typescript";

const WORDS_OF_JAVASCRIPT = new Set(["default", "undefined", "NaN", "Infinity", "globalThis"]);

/**
 * The names a declaration file exports, values and types alike, without loading what they stand for.
 *
 * `export *` is followed through relative paths only: names re-exported wholesale from another package are left out.
 */
export function exportedNames(ts: typeof TypeScript, file: string): string[] {
  const names = new Set<string>();
  collect(ts, file, names, new Set());
  return [...names].filter((name) => !WORDS_OF_JAVASCRIPT.has(name)).sort();
}

function collect(ts: typeof TypeScript, file: string, names: Set<string>, visited: Set<string>): void {
  if (visited.has(file)) return;
  visited.add(file);
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      if (clause === undefined) {
        const from = statement.moduleSpecifier;
        const target = from && ts.isStringLiteral(from) ? declarationFile(file, from.text) : undefined;
        if (target) collect(ts, target, names, visited);
      } else if (ts.isNamespaceExport(clause)) {
        names.add(clause.name.text);
      } else {
        for (const element of clause.elements) names.add(element.name.text);
      }
      continue;
    }
    const exported = ts.canHaveModifiers(statement)
      ? ts.getModifiers(statement)?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)
      : false;
    if (!exported) continue;
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) if (ts.isIdentifier(name)) names.add(name.text);
    } else if (
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isEnumDeclaration(statement) ||
      ts.isModuleDeclaration(statement)
    ) {
      if (statement.name) names.add(statement.name.text);
    }
  }
}

function declarationFile(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const base = resolve(dirname(from), specifier.replace(/\.[cm]?js$/, ""));
  return [`${base}.d.ts`, resolve(base, "index.d.ts"), `${base}.d.mts`, `${base}.d.cts`].find((path) =>
    existsSync(path),
  );
}
