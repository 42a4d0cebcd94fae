import type * as TypeScript from "@tslab/typescript-for-tslab";
import type * as TslabConverter from "tslab/dist/converter";

/** Content of is_complete_reply. */
export type Completeness = { status: "complete" } | { status: "incomplete"; indent: string } | { status: "invalid" };

/** Codes of a comment and a template that lack their end. */
const UNENDED = new Set([1010, 1160]);
/** As tslab has it: who ends with an empty line wants it run. */
const WANTS_RUN = /(^|\n)\s*\n\s*$/;

/** Refines tslab's judgement, which calls open comments, open templates and wrong code complete. */
export function judgeCode(
  ts: typeof TypeScript,
  code: string,
  { completed, indent }: TslabConverter.IsCompleteResult,
): Completeness {
  if (!completed) return { status: "incomplete", indent: indent ?? "" };
  const source = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  const { parseDiagnostics } = source as unknown as { parseDiagnostics: readonly TypeScript.Diagnostic[] };
  if (parseDiagnostics.length === 0 || WANTS_RUN.test(code)) return { status: "complete" };
  return parseDiagnostics.some((problem) => UNENDED.has(problem.code))
    ? { status: "incomplete", indent: "" }
    : { status: "invalid" };
}
