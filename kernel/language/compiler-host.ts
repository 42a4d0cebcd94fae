import { dirname } from "node:path";
import type * as TypeScript from "@tslab/typescript-for-tslab";
import { requireCached } from "./compile-cache";
import { callImportModule } from "./module-import";
import type { PreludePackage } from "./package";
import { hidePatternNames } from "./pattern-names";
import { type CellText, nodeTypesFolder, withOurFiles } from "./visible-files";

/** tslab's TypeScript as this kernel uses it. */
export interface Compiler {
  readonly ts: typeof TypeScript;
  /** Keeps its compiled code for the next start. */
  saveCode(): void;
}

/** What the kernel adds to tslab's compiler. */
export interface CompilerSettings {
  readonly prelude: PreludePackage;
  /** The notebook's folder. */
  readonly cwd: string;
  readonly cell: CellText;
  /** Declarations that the first program has already, before any cell: one program less to make. */
  readonly declarations: (ts: typeof TypeScript) => string;
}

/**
 * Loads tslab's TypeScript and changes how tslab sets its compiler up; must run before tslab's converter is loaded.
 *
 * tslab hard-codes its options, so two functions are replaced in the module cache:
 * - `createWatchCompilerHost`, for bundler resolution (packages with only an `import` export), only Node's types wherever
 *   the notebook lies (the DOM's would flood completion), the files of `withOurFiles`, and `hidePatternNames` before what
 *   tslab does to the names of a cell;
 * - `transpileModule`, by which tslab makes CommonJS of ES modules: `import()` would become `require`.
 */
export function loadTypeScript(settings: CompilerSettings): Compiler {
  const path = require.resolve("@tslab/typescript-for-tslab", { paths: [tslabFolder()] });
  const { exports, save } = requireCached(path);
  const original = exports as typeof TypeScript;
  const declarations = settings.declarations(original);

  const createHost = original.createWatchCompilerHost as unknown as (...all: unknown[]) => WatchHost;
  const createWatchCompilerHost = (
    files: string[],
    options: TypeScript.CompilerOptions,
    sys: TypeScript.System,
    ...rest: unknown[]
  ): WatchHost =>
    withOurTransform(
      original,
      createHost(files, withOurOptions(original, options), withOurFiles(sys, settings, declarations), ...rest),
    );
  const transpileModule = (text: string, options: TypeScript.TranspileOptions): TypeScript.TranspileOutput =>
    original.transpileModule(text, { ...options, transformers: { before: [callImportModule(original)] } });

  const replaced: Record<string, unknown> = { createWatchCompilerHost, transpileModule };
  const patched = Object.create(original) as typeof TypeScript;
  // __importStar in tslab copies own keys only.
  for (const key of Object.keys(original)) {
    const get = (): unknown => (Object.hasOwn(replaced, key) ? replaced[key] : original[key as keyof typeof original]);
    Object.defineProperty(patched, key, { get, enumerable: true });
  }
  require.cache[path]!.exports = patched;
  return { ts: patched, saveCode: save };
}

export function tslabFolder(): string {
  return dirname(require.resolve("tslab/package.json"));
}

function withOurOptions(ts: typeof TypeScript, options: TypeScript.CompilerOptions): TypeScript.CompilerOptions {
  return {
    ...options,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: ["node"],
    typeRoots: [...(options.typeRoots ?? []), nodeTypesFolder(tslabFolder())],
  };
}

type WatchHost =
  TypeScript.WatchCompilerHostOfFilesAndCompilerOptions<TypeScript.EmitAndSemanticDiagnosticsBuilderProgram>;

/** tslab's own transformations run after those of TypeScript; ours before both. */
function withOurTransform(ts: typeof TypeScript, host: WatchHost): WatchHost {
  const { createProgram } = host;
  host.createProgram = (...all) => {
    const builder = createProgram(...all);
    const { emit } = builder;
    builder.emit = (file, write, token, onlyDeclarations, transformers) => {
      const before = [hidePatternNames(ts), ...(transformers?.before ?? [])];
      return emit(file, write, token, onlyDeclarations, { ...transformers, before });
    };
    return builder;
  };
  return host;
}
