import type * as TypeScript from "typescript";
import { guardLoops } from "./loop-guard";
import type { EditedText } from "./text-edits";

/** `System`: TypeScript's own form of ES modules, with live bindings and top-level await. */
export type FileForm = "System" | "CommonJS";

/** A local file as it is run. */
export interface FileScript {
  readonly code: EditedText;
  /** From the code before it was edited to the file. */
  readonly sourceMap: string;
}

/** Put in front of the code, which the loader calls with these. */
const OPENS: Readonly<Record<FileForm, string>> = {
  System: "(function(System,require,__filename,__dirname){",
  CommonJS: "",
};

/**
 * JavaScript of a local file, with the kernel's guards.
 * @throws SyntaxError at the place in the file.
 */
export function toFileScript(
  ts: typeof TypeScript,
  options: TypeScript.CompilerOptions,
  path: string,
  text: string,
  form: FileForm,
): FileScript {
  const { outputText, sourceMapText, diagnostics } = ts.transpileModule(text, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: {
      ...options,
      module: ts.ModuleKind[form],
      sourceMap: true,
      moduleResolution: undefined,
      allowImportingTsExtensions: false,
    },
  });
  const problem = diagnostics?.find(({ file, start }) => file !== undefined && start !== undefined);
  if (problem) {
    const { line, character } = problem.file!.getLineAndCharacterOfPosition(problem.start!);
    const message = ts.flattenDiagnosticMessageText(problem.messageText, "\n");
    throw new SyntaxError(`${path}:${line + 1}:${character + 1} - ${message}`);
  }
  const code = outputText.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "");
  return { code: guardLoops(ts, code, 0, OPENS[form]), sourceMap: sourceMapText ?? "" };
}
