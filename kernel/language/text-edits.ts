/** At equal positions what closes comes first, and a statement's mark before what opens in it. */
export const Rank = { close: 0, closeBlock: 1, closeLoop: 2, mark: 3, openLoop: 4, openBlock: 5, open: 6 } as const;

interface Edit {
  readonly at: number;
  readonly end: number;
  readonly rank: number;
  readonly text: string;
}

/** A text that was changed, and where each place of it was before; threads send it to each other. */
export interface EditedText {
  readonly text: string;
  /** In order. */
  readonly pieces: readonly Piece[];
  /** Where the lines of the text before the changes started; lines are the same. */
  readonly lines: readonly number[];
}

/** The column before the changes. Lines and columns count from 0. */
export function originalColumn({ text, pieces, lines }: EditedText, line: number, column: number): number {
  const offset = originalOffset(pieces, (lineStarts(text)[line] ?? 0) + column);
  return Math.max(0, offset - (lines[line] ?? 0));
}

/** Changes of a text that are made all at once. Line breaks are neither added nor removed: line numbers stay. */
export class TextEdits {
  private readonly edits: Edit[] = [];

  insert(at: number, rank: number, text: string): void {
    this.edits.push({ at, end: at, rank, text });
  }

  /** Line breaks within the range are kept behind the new text. */
  replace(at: number, end: number, text: string, source: string, rank: number = Rank.open): void {
    const breaks = source.slice(at, end).replace(/[^\n]/g, "");
    this.edits.push({ at, end, rank, text: text + breaks });
  }

  /** @param before put in front of the first line. */
  apply(source: string, before = ""): EditedText {
    // The outer of two that open at one place was added first, and closes last.
    const order = this.edits.map((edit, index) => ({ edit, index }));
    const closes = (rank: number): boolean => rank <= Rank.closeLoop;
    order.sort(
      (a, b) =>
        a.edit.at - b.edit.at ||
        a.edit.rank - b.edit.rank ||
        (closes(a.edit.rank) ? b.index - a.index : a.index - b.index),
    );
    const pieces: Piece[] = [];
    let text = before;
    let from = 0;
    const keep = (to: number): void => {
      pieces.push({ now: text.length, was: from, length: to - from });
      text += source.slice(from, to);
    };
    for (const { edit } of order) {
      keep(Math.max(from, edit.at));
      text += edit.text;
      from = Math.max(from, edit.end);
    }
    keep(source.length);
    return { text, pieces, lines: lineStarts(source) };
  }
}

/** Of what is as before: where it starts now and did start. */
interface Piece {
  readonly now: number;
  readonly was: number;
  readonly length: number;
}

function originalOffset(pieces: readonly Piece[], offset: number): number {
  const piece = [...pieces].reverse().find(({ now }) => now <= offset);
  return piece === undefined ? 0 : piece.was + Math.min(offset - piece.now, piece.length);
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
