import type { CellRunner } from "./cells/cell-runner";
import { fromCodePoints, toCodePoints } from "./cursor";

type Content = Record<string, unknown>;

/** Answers about code that is not run: content of the reply, without status. */
export const codeAnswers: Readonly<Record<string, (runner: CellRunner, content: Content) => Content>> = {
  complete_request: (runner, content) => {
    const { code, cursor } = position(content);
    const { matches, start, end, kinds } = runner.complete(code, cursor);
    const [from, to] = [toCodePoints(code, start), toCodePoints(code, end)];
    const typed = matches.map((text) => ({ start: from, end: to, text, type: kinds.get(text) ?? "" }));
    return { matches, cursor_start: from, cursor_end: to, metadata: { _jupyter_types_experimental: typed } };
  },
  inspect_request: (runner, content) => {
    const { code, cursor } = position(content);
    const text = runner.inspect(code, cursor);
    return { found: text !== undefined, data: text === undefined ? {} : { "text/plain": text }, metadata: {} };
  },
  is_complete_request: (runner, { code }) => runner.isComplete(String(code ?? "")),
};

function position(content: Content): { code: string; cursor: number } {
  const code = String(content.code ?? "");
  return { code, cursor: fromCodePoints(code, Number(content.cursor_pos ?? code.length)) };
}
