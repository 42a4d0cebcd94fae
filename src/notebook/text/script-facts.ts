import type * as TypeScript from "typescript";
import { cellEffects } from "../cell-effects";
import { typescript } from "../typescript";

export interface ScriptFacts {
  /** Statements that a script needs before its cells: imports of what a kernel has without. */
  readonly preamble: readonly string[];
  /** Cells (by index) that would go on with the statement of the cell above. */
  readonly unfinished: ReadonlySet<number>;
  /** Why it is no script that does what the notebook does, in sentences. */
  readonly remarks: readonly string[];
}

/** What CommonJS has and a module must make. */
const COMMONJS: Readonly<Record<string, readonly string[]>> = {
  require: ['import { createRequire } from "node:module";', "const require = createRequire(import.meta.url);"],
  __dirname: ["const __dirname = import.meta.dirname;"],
  __filename: ["const __filename = import.meta.filename;"],
};

/**
 * What cells need to stand in one module, one after another.
 * @param code The cells' sources; undefined for cells that are no code.
 */
export function scriptFacts(
  code: readonly (string | undefined)[],
  { from, names }: { readonly from: string; readonly names: ReadonlySet<string> },
): ScriptFacts {
  const remarks: string[] = [];
  const unfinished = new Set<number>();
  const used = new Map<string, boolean>();
  const declared = new Map<string, number>();
  let before = "";
  let number = 0;
  for (const [index, source] of code.entries()) {
    if (source === undefined) continue;
    number++;
    const where = `code cell ${number}`;
    const file = parse(source);
    const fault = syntaxFault(source);
    if (fault !== undefined) remarks.push(`${where} is no TypeScript on its own: ${fault}`);
    const [first] = file.statements;
    if (!first) continue;
    if (fault === undefined && before !== "" && !beginsStatement(before, source, first.getStart(file))) {
      unfinished.add(index);
    }
    before = source;
    for (const name of declaredNames(file)) {
      const earlier = declared.get(name);
      if (earlier !== undefined && earlier !== number) {
        remarks.push(`${where} declares ${name} again, after code cell ${earlier}`);
      }
      declared.set(name, number);
    }
    const free = freeNames(source);
    for (const [name, isValue] of references(file)) {
      if (!isValue || free.has(name)) used.set(name, isValue || used.get(name) === true);
    }
    if (hasMarkerInText(file))
      remarks.push(`${where} has a line like a cell's marker within a text, which reads "// // %%" here`);
  }
  const own = [...used].filter(([name]) => !declared.has(name));
  const imported = own.filter(([name]) => names.has(name)).map(([name, isValue]) => (isValue ? name : `type ${name}`));
  const commonJs = own.flatMap(([name]) => (Object.hasOwn(COMMONJS, name) ? COMMONJS[name] : []));
  const statement =
    imported.length > 0 ? [`import { ${imported.sort().join(", ")} } from ${JSON.stringify(from)};`] : [];
  return { preamble: [...statement, ...commonJs], unfinished, remarks };
}

function parse(source: string): TypeScript.SourceFile {
  const ts = typescript();
  return ts.createSourceFile("cell.ts", source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
}

function syntaxFault(source: string): string | undefined {
  const ts = typescript();
  const compilerOptions = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext };
  const [fault] = ts.transpileModule(source, { reportDiagnostics: true, compilerOptions }).diagnostics ?? [];
  return fault && ts.flattenDiagnosticMessageText(fault.messageText, " ");
}

/** Whether a cell's first statement begins one also below another cell: `a = b` and `[1].map(...)` are one otherwise. */
function beginsStatement(before: string, source: string, start: number): boolean {
  const joined = parse(`${before}\n${source}`);
  return joined.statements.some((statement) => statement.getStart(joined) === before.length + 1 + start);
}

/** Names that a module can declare once. */
function declaredNames(file: TypeScript.SourceFile): Set<string> {
  const ts = typescript();
  const names = new Set<string>();
  const bind = (name: TypeScript.BindingName): void => {
    if (ts.isIdentifier(name)) names.add(name.text);
    else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name);
  };
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) bind(name);
    else if (
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isEnumDeclaration(statement)
    ) {
      if (statement.name) names.add(statement.name.text);
    } else if (ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement))
      names.add(statement.name.text);
    else if (ts.isImportEqualsDeclaration(statement)) names.add(statement.name.text);
    else if (ts.isImportDeclaration(statement)) {
      const { name, namedBindings } = statement.importClause ?? {};
      if (name) names.add(name.text);
      if (namedBindings && ts.isNamespaceImport(namedBindings)) names.add(namedBindings.name.text);
      if (namedBindings && ts.isNamedImports(namedBindings))
        for (const one of namedBindings.elements) names.add(one.name.text);
    }
  }
  return names;
}

/** Values that a cell and its functions take from outside. */
function freeNames(source: string): Set<string> {
  const { reads, writes, functions } = cellEffects(source);
  const inside = [...functions.values()].flatMap((of) => [...of.reads, ...of.writes]);
  return new Set([...reads, ...writes, ...inside]);
}

/** Names that are referred to, with whether any reference is to a value. */
function references(file: TypeScript.SourceFile): Map<string, boolean> {
  const ts = typescript();
  const found = new Map<string, boolean>();
  const visit = (node: TypeScript.Node): void => {
    if (ts.isIdentifier(node) && isReference(node))
      found.set(node.text, found.get(node.text) === true || !isTypeName(node));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isReference(node: TypeScript.Identifier): boolean {
  const ts = typescript();
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isPropertyAssignment(parent) || ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isImportSpecifier(parent) || ts.isImportClause(parent) || ts.isNamespaceImport(parent)) return false;
  if (ts.isShorthandPropertyAssignment(parent) || ts.isExportSpecifier(parent)) return true;
  return !("name" in parent && parent.name === node);
}

function isTypeName(node: TypeScript.Identifier): boolean {
  const ts = typescript();
  let name: TypeScript.Node = node;
  while (ts.isQualifiedName(name.parent)) name = name.parent;
  return ts.isTypeReferenceNode(name.parent);
}

function hasMarkerInText(file: TypeScript.SourceFile): boolean {
  const ts = typescript();
  const like = /\n(\/\/ )*(; )?\/\/ %%(?=\s|$)/;
  const visit = (node: TypeScript.Node): boolean =>
    ((ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) &&
      like.test(node.getText(file))) ||
    ts.forEachChild(node, visit) === true;
  return visit(file);
}
