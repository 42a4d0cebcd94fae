import type { CellCompiler } from "./cell-compiler";
import { fromCodePoints, toCodePoints } from "./cursor";
import type { Declared } from "./session-names";

type Content = Record<string, unknown>;
/** @param running what cells declare that have not ended: the code will be run after them. */
type AnswerCode = (compiler: CellCompiler, content: Content, running: readonly Declared[]) => Content;

/** Answers about code that is not run: content of the reply, without status. */
export const codeAnswers: Readonly<Record<string, AnswerCode>> = {
  complete_request: (compiler, content, running) => {
    const { code, cursor } = position(content);
    const { matches, start, end, kinds } = compiler.complete(code, cursor, running);
    const [from, to] = [toCodePoints(code, start), toCodePoints(code, end)];
    const typed = matches.map((text) => ({ start: from, end: to, text, type: kinds.get(text) ?? "" }));
    return { matches, cursor_start: from, cursor_end: to, metadata: { _jupyter_types_experimental: typed } };
  },
  inspect_request: (compiler, content, running) => {
    const { code, cursor } = position(content);
    const text = compiler.inspect(code, cursor, running);
    return { found: text !== undefined, data: text === undefined ? {} : { "text/plain": text }, metadata: {} };
  },
  is_complete_request: (compiler, { code }) => compiler.isComplete(String(code ?? "")),
};

/** Whether a request is about code that is not run. */
export function isAboutCode(type: string): boolean {
  return Object.hasOwn(codeAnswers, type);
}

function position(content: Content): { code: string; cursor: number } {
  const code = String(content.code ?? "");
  return { code, cursor: fromCodePoints(code, Number(content.cursor_pos ?? code.length)) };
}
