/**
 * Rolls the public types up into one file for the kernel, after `tsc`: `dist/prelude.d.ts`, and the public names beside it.
 *
 * A notebook's compiler reads one file without the documentation of other packages in a tenth of the time it takes to find
 * and read some 700. Skipped when its inputs did not change.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { type Plugin, rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import ts from "typescript";

const ROOT = resolve(__dirname, "..");
const ENTRY = "dist/src/index.d.ts";
const TYPES = "dist/prelude.d.ts";
const NAMES = "dist/prelude.names.json";
/** What Node's types import, 37 files: `dist/undici-types.d.ts`. */
const OF_NODE = "undici-types";

/** What the rolled-up file is made of; its digest is the file's first line. */
export function inputsDigest(root: string = ROOT): string {
  const files = globFiles(join(root, "dist/src")).sort();
  const digest = createHash("sha256");
  const packages = ["@tensorflow/tfjs", "zod", OF_NODE].map((name) => `node_modules/${name}/package.json`);
  const own = files.map((path) => relative(root, path));
  for (const file of ["scripts/prelude-types.ts", ...packages, ...own]) {
    digest.update(file).update(readFileSync(join(root, file)));
  }
  return digest.digest("hex");
}

function globFiles(folder: string): string[] {
  return ts.sys.readDirectory(folder, [".d.ts"]);
}

/** Comments of other packages: TypeScript 5.0 parses documentation whether it is asked for or not. */
const withoutForeignComments: Plugin = {
  name: "without-foreign-comments",
  transform(code, id) {
    if (!id.includes("/node_modules/")) return undefined;
    const merged = id.endsWith("/tfjs-core/dist/tensor.d.ts")
      ? withChainedOps(code, id)
      : withoutAugmentation(code, id);
    return { code: merged.replace(/\/\*[\s\S]*?\*\/|^\/\/\/.*$/gm, ""), map: null };
  },
};

const AUGMENTATION = /declare module '\.\.\/\.\.\/tensor' \{\s*interface Tensor<[^{]*>\s*\{([\s\S]*)\}\s*\}/;

/** tfjs adds the chained operations (`t.add(u)`) to `Tensor` from one file each; a rolled-up file has them in the class. */
function withChainedOps(code: string, id: string): string {
  const members: string[] = [];
  const imports = new Map<string, Set<string>>();
  for (const file of globFiles(join(dirname(id), "public/chained_ops"))) {
    const text = readFileSync(file, "utf8");
    const found = AUGMENTATION.exec(text);
    if (!found) continue;
    members.push(found[1]!);
    for (const [, names, from] of text.matchAll(/^import \{([^}]*)\} from '\.\.\/\.\.\/([^']*)';/gm)) {
      if (from === "tensor") continue;
      const known = imports.get(from!) ?? new Set();
      for (const name of names!.split(",")) known.add(name.trim());
      imports.set(from!, known);
    }
  }
  const own = new Set(
    [...code.matchAll(/^import (?:type )?\{([^}]*)\}/gm)].flatMap(([, names]) => names!.split(/[,\s]+/)),
  );
  const lines = [...imports].map(
    ([from, names]) => `import { ${[...names].filter((name) => !own.has(name)).join(", ")} } from './${from}';`,
  );
  return `${lines.join("\n")}\n${code}\nexport interface Tensor<R extends Rank = Rank> {${members.join("")}}\n`;
}

function withoutAugmentation(code: string, id: string): string {
  return id.includes("/chained_ops/") ? code.replace(AUGMENTATION, "") : code;
}

/** Declarations of a newer TypeScript and of Node's newer types, as 5.0 writes them. */
function asOlderTypeScript(code: string): string {
  return code.replace(
    /\b((?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array|Buffer|DataView)<(?:ArrayBuffer(?:Like)?|SharedArrayBuffer)>/g,
    "$1",
  );
}

/** Namespaces (`tf`, `fused`, `ranking`) by their public names: rolled up, each is called after its file, `index_d$1`. */
function withNamespacesNamed(code: string): string {
  const aliases = new Map(
    [...code.matchAll(/\b(index_d(?:\$\d+)?) as (\w+)/g)].map(([, name, alias]) => [name!, alias!]),
  );
  return code.replace(/\bindex_d(?:\$\d+)?(?![\w$])/g, (name) => aliases.get(name) ?? name);
}

/** Exports what is not public too: the compiler cannot carry a variable to the next cell whose type has no name. */
function withAllNamed(code: string): { code: string; names: string[] } {
  const source = ts.createSourceFile("prelude.d.ts", code, ts.ScriptTarget.Latest);
  const declared = new Set<string>();
  const exported = new Set<string>();
  const names: string[] = [];
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      for (const { name, propertyName } of statement.exportClause.elements) {
        exported.add((propertyName ?? name).text);
        names.push(name.text);
      }
    } else if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) if (ts.isIdentifier(name)) declared.add(name.text);
    } else if (
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isEnumDeclaration(statement) ||
      ts.isModuleDeclaration(statement)
    ) {
      if (statement.name && ts.isIdentifier(statement.name)) declared.add(statement.name.text);
    }
  }
  const taken = new Set(names);
  const hidden = [...declared].filter((name) => !exported.has(name) && !taken.has(name));
  return { code: `${code}\nexport type { ${hidden.join(", ")} };\n`, names: names.sort() };
}

async function main(): Promise<void> {
  const header = `// Rolled up from ${ENTRY} by scripts/prelude-types.ts; inputs ${inputsDigest()}`;
  const before = ts.sys.readFile(join(ROOT, TYPES));
  if (before?.startsWith(`${header}\n`)) return;
  const rolledUp = await rollUp(join(ROOT, ENTRY));
  const { code, names } = withAllNamed(withNamespacesNamed(asOlderTypeScript(rolledUp)));
  writeFileSync(join(ROOT, dirname(TYPES), `${OF_NODE}.d.ts`), await rollUp(require.resolve(`${OF_NODE}/index.d.ts`)));
  writeFileSync(join(ROOT, NAMES), `${JSON.stringify(names)}\n`);
  writeFileSync(join(ROOT, TYPES), `${header}\n${code}`);
}

async function rollUp(entry: string): Promise<string> {
  const bundle = await rollup({
    input: entry,
    plugins: [withoutForeignComments, dts({ respectExternal: true, compilerOptions: { skipLibCheck: true } })],
    external: isBuiltin,
    onwarn: ({ code, message }) => code === "UNUSED_EXTERNAL_IMPORT" || process.stderr.write(`${message}\n`),
  });
  const { output } = await bundle.generate({ format: "es" });
  await bundle.close();
  return output[0].code;
}

if (require.main === module) {
  main().catch((error) => {
    process.stderr.write(`prelude types: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
