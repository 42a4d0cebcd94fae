export type StreamName = "stdout" | "stderr";

/** Printed text of one cell. */
export interface StreamText {
  readonly name: StreamName;
  readonly cell: number;
  readonly text: string;
}

const COALESCE_MS = 20;
const MAX_CHARACTERS = 1 << 20;

/** Joins what is printed within about 20 ms into one message: a cell that prints 5,000 lines sends few messages. */
export class StreamBuffer {
  private pieces: string[] = [];
  private characters = 0;
  private name: StreamName = "stdout";
  private cell = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly emit: (text: StreamText) => void) {}

  write({ name, cell, text }: StreamText): void {
    if (name !== this.name || cell !== this.cell) this.flush();
    this.name = name;
    this.cell = cell;
    this.pieces.push(text);
    this.characters += text.length;
    if (this.characters >= MAX_CHARACTERS) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), COALESCE_MS);
  }

  /** Must be called before any other message is published, so that outputs keep their order. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.pieces.length === 0) return;
    const text = this.pieces.join("");
    this.pieces = [];
    this.characters = 0;
    this.emit({ name: this.name, cell: this.cell, text });
  }
}
