import { dirname, join } from "node:path";
import type * as TypeScript from "typescript";
import { packageRoot } from "../../src/core/package-root";

/** Options of the user's `tsconfig.json` that hold for cells too: what is checked, and how; not what is written where. */
const TAKEN = [
  "lib",
  "strict",
  "strictNullChecks",
  "strictFunctionTypes",
  "strictBindCallApply",
  "strictPropertyInitialization",
  "strictBuiltinIteratorReturn",
  "noImplicitAny",
  "noImplicitThis",
  "noImplicitReturns",
  "noImplicitOverride",
  "noFallthroughCasesInSwitch",
  "noUncheckedIndexedAccess",
  "noPropertyAccessFromIndexSignature",
  "useUnknownInCatchVariables",
  "exactOptionalPropertyTypes",
  "allowUnreachableCode",
  "allowUnusedLabels",
  "experimentalDecorators",
  "emitDecoratorMetadata",
  "useDefineForClassFields",
  "jsx",
  "jsxFactory",
  "jsxFragmentFactory",
  "jsxImportSource",
  "baseUrl",
  "paths",
  "pathsBasePath",
  "typeRoots",
  "types",
  "customConditions",
  "checkJs",
] as const;

export interface CompilerSettings {
  readonly options: TypeScript.CompilerOptions;
  /** Declaration files that the user's configuration names: globals of the project. */
  readonly declarations: readonly string[];
}

/**
 * How cells and local files are compiled: as modules of a current Node project. Types are checked without `strict` and
 * with all of ECMAScript's library but not the DOM's (it would flood completion), unless a `tsconfig.json` says otherwise.
 * @param cwd the notebook's folder; the configuration is looked for there, not above: a notebook is less strict than the project around it.
 */
export function readCompilerSettings(ts: typeof TypeScript, cwd: string): CompilerSettings {
  const own: TypeScript.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.esnext.d.ts"],
    types: [],
    moduleDetection: ts.ModuleDetectionKind.Force,
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    esModuleInterop: true,
    allowJs: true,
    jsx: ts.JsxEmit.React,
    skipLibCheck: true,
    sourceMap: true,
    preserveConstEnums: true,
    noErrorTruncation: true,
    removeComments: true,
    libReplacement: false,
  };
  const { options, fileNames } = readUserConfiguration(ts, cwd);
  const taken = Object.fromEntries(
    TAKEN.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
  const types = [...new Set(["node", ...((taken.types as string[] | undefined) ?? [])])];
  const typeRoots = [
    ...((taken.typeRoots as string[] | undefined) ?? typeRootsAbove(cwd)),
    dirname(dirname(require.resolve("@types/node/package.json", { paths: [packageRoot()] }))),
  ];
  const declarations = fileNames.filter((name) => /\.d\.[cm]?ts$/.test(name) && !name.includes("/node_modules/"));
  return { options: { ...own, ...taken, types, typeRoots }, declarations };
}

/** Where packages of types lie as seen from the folder. */
function typeRootsAbove(folder: string): string[] {
  const above = dirname(folder);
  return [join(folder, "node_modules", "@types"), ...(above === folder ? [] : typeRootsAbove(above))];
}

function readUserConfiguration(
  ts: typeof TypeScript,
  cwd: string,
): Pick<TypeScript.ParsedCommandLine, "options" | "fileNames"> {
  const file = join(cwd, "tsconfig.json");
  const nothing = { options: {}, fileNames: [] };
  if (!ts.sys.fileExists(file)) return nothing;
  try {
    const { config } = ts.readConfigFile(file, ts.sys.readFile);
    // Only declaration files are wanted, and reading whole trees takes time.
    const host = {
      ...ts.sys,
      readDirectory: (...[root, , excludes, includes, depth]: Parameters<typeof ts.sys.readDirectory>) =>
        ts.sys.readDirectory(root, [".d.ts", ".d.mts", ".d.cts"], excludes, includes, depth),
    };
    return ts.parseJsonConfigFileContent(config ?? {}, host, cwd, undefined, file);
  } catch {
    return nothing;
  }
}
