/** One entry as the protocol wants it: session, number in the session, input or `[input, output]`. */
export type HistoryEntry = [session: number, line: number, input: string | [string, string | null]];

interface Line {
  readonly number: number;
  readonly input: string;
  readonly output: string | null;
}

/** A kernel process is one session; earlier ones are not kept. */
const SESSION = 1;

/** What was executed in this session, for the front end's arrow keys and searches. */
export class History {
  private readonly lines: Line[] = [];

  /** @param output the plain text of the cell's result, null when it had none. */
  add(number: number, input: string, output: string | null): void {
    this.lines.push({ number, input, output });
  }

  /** Answers the content of a history_request. */
  answer(content: Record<string, unknown>): HistoryEntry[] {
    return this.chosen(content).map(({ number, input, output }) => [
      SESSION,
      number,
      content.output === true ? [input, output] : input,
    ]);
  }

  private chosen(content: Record<string, unknown>): readonly Line[] {
    switch (content.hist_access_type) {
      case "range":
        return this.range(content);
      case "search":
        return this.search(content);
      default:
        return last(this.lines, content.n);
    }
  }

  /** Session 0 is the current one, negative numbers count back from it. */
  private range({ session, start, stop }: Record<string, unknown>): readonly Line[] {
    if (![0, SESSION, undefined, null].includes(session as number)) return [];
    const from = Number(start ?? 0);
    const to = typeof stop === "number" ? stop : Number.POSITIVE_INFINITY;
    return this.lines.filter(({ number }) => number >= from && number < to);
  }

  private search({ pattern, n, unique }: Record<string, unknown>): readonly Line[] {
    const matches = glob(String(pattern ?? "*"));
    const found = this.lines.filter(({ input }) => matches.test(input));
    return last(unique === true ? lastOfEach(found) : found, n);
  }
}

function last(lines: readonly Line[], count: unknown): readonly Line[] {
  return typeof count === "number" ? lines.slice(Math.max(0, lines.length - count)) : lines;
}

/** Of equal inputs only the latest. */
function lastOfEach(lines: readonly Line[]): Line[] {
  const latest = new Map(lines.map((line) => [line.input, line]));
  return lines.filter((line) => latest.get(line.input) === line);
}

/** A pattern of the shell, `*` and `?`, over the whole text. */
function glob(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
}
