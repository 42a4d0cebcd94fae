import type * as TypeScript from "typescript";
import type { Workspace } from "./workspace";

export interface Completion {
  readonly matches: string[];
  /** Offsets in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Kinds of the matches, as TypeScript names them. */
  readonly kinds: ReadonlyMap<string, string>;
}

interface Candidate {
  readonly name: string;
  readonly kind: string;
  readonly sortText: string;
}

/** As the compiler sorts variables of the file itself. */
const DECLARED_HERE = "11";
const WORD_BEFORE = /[\p{L}\p{N}_$]*$/u;
const WORD_AFTER = /^[\p{L}\p{N}_$]*/u;
/** Within the quotes of an import's or a call's text. */
const QUOTED_BEFORE = /(["'`])((?:(?!\1)[^\\\n])*)$/;

/**
 * What may stand at the position, best first: what starts with what was typed, in any case, then what contains it.
 * @param position offset in the source.
 * @param shift offset of the source in the cell that the compiler sees.
 * @param offered names of the session and of the prelude, which stand above the cell only where it names them.
 */
export function completionsAt(
  { languageService, cellFile }: Workspace,
  source: string,
  position: number,
  shift: number,
  offered: ReadonlyMap<string, string>,
): Completion {
  const info = languageService.getCompletionsAtPosition(cellFile, position + shift, {
    includeCompletionsForModuleExports: false,
    includeCompletionsWithInsertText: false,
  });
  const { start, end } = spanAt(source, position, shift, info);
  const typed = source.slice(start, position).toLowerCase();
  const candidates = new Map<string, Candidate>();
  for (const { name, kind, sortText } of info?.entries ?? []) candidates.set(name, { name, kind, sortText });
  if (info?.isGlobalCompletion) {
    for (const [name, kind] of offered) candidates.set(name, { name, kind, sortText: DECLARED_HERE });
  }
  const ranked = [...candidates.values()].flatMap((candidate, index) => {
    const rank = rankOf(candidate.name, typed, source.slice(start, position));
    return rank === undefined ? [] : [{ ...candidate, key: rank + candidate.sortText, index }];
  });
  ranked.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index));
  return {
    matches: ranked.map(({ name }) => name),
    start,
    end,
    kinds: new Map(ranked.map(({ name, kind }) => [name, kind])),
  };
}

function rankOf(name: string, typed: string, exactly: string): string | undefined {
  if (name.startsWith(exactly)) return "0";
  const lower = name.toLowerCase();
  if (lower.startsWith(typed)) return "1";
  return lower.includes(typed) ? "2" : undefined;
}

/** What a match replaces: the compiler says it for texts, else the word around the position. */
function spanAt(
  source: string,
  position: number,
  shift: number,
  info: TypeScript.WithMetadata<TypeScript.CompletionInfo> | undefined,
): { start: number; end: number } {
  const entry = info?.entries.find(({ replacementSpan }) => replacementSpan);
  const span = info?.optionalReplacementSpan ?? entry?.replacementSpan;
  if (span && span.start - shift <= position && span.start >= shift) {
    return {
      start: span.start - shift,
      end: Math.max(position, Math.min(span.start + span.length - shift, source.length)),
    };
  }
  const before = source.slice(0, position);
  const isText = (info?.entries.length ?? 0) > 0 && !info!.isGlobalCompletion && !info!.isMemberCompletion;
  const quoted = isText ? QUOTED_BEFORE.exec(before) : null;
  if (quoted) return { start: position - quoted[2]!.split("/").at(-1)!.length, end: position };
  const word = WORD_BEFORE.exec(before)![0];
  return { start: position - word.length, end: position + WORD_AFTER.exec(source.slice(position))![0].length };
}
