import type * as TypeScript from "typescript";

/** Content of is_complete_reply. */
export type Completeness = { status: "complete" } | { status: "incomplete"; indent: string } | { status: "invalid" };

/** Codes of a comment, a template and a text that lack their end. */
const UNENDED = new Set([1010, 1160]);
/** Who ends with an empty line wants it run. */
const WANTS_RUN = /(^|\n)\s*\n\s*$/;
const OPENS = /^(?:(?!\/\/).)*(?:\{[^}"'`]*|\([^)"'`]*|\[[^\]"'`]*)$/;
const CLOSES = /^(?:(?!.*?\/\*).*\*\/)?\s*[}\]].*$/;

/** Whether the code can be run as it is, needs more lines, or is wrong. */
export function judgeCode(ts: typeof TypeScript, code: string): Completeness {
  if (WANTS_RUN.test(code)) return { status: "complete" };
  const { diagnostics = [] } = ts.transpileModule(code, {
    fileName: "cell.ts",
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
  });
  if (diagnostics.length === 0) return { status: "complete" };
  if (diagnostics.some(({ code: number }) => UNENDED.has(number))) return { status: "incomplete", indent: "" };
  const end = code.trimEnd().length;
  const lacksEnd = diagnostics.some(
    ({ start = 0, messageText }) => start >= end && String(messageText).endsWith(" expected."),
  );
  return lacksEnd ? { status: "incomplete", indent: indentAfter(code) } : { status: "invalid" };
}

/** White space that the next line starts with. */
function indentAfter(code: string): string {
  const line = code.slice(code.lastIndexOf("\n") + 1);
  const current = /^\s*/.exec(line)![0];
  if (CLOSES.test(line)) return current.endsWith("  ") ? current.slice(0, -2) : current.slice(0, -1);
  return OPENS.test(line) ? `${current}  ` : current;
}
