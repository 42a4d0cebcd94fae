import type { StreamText } from "../wire/stream-buffer";

const WINDOW_MS = 20;
const DIRECT_PER_WINDOW = 50;
const MAX_CHARACTERS = 1 << 18;

/**
 * Hands printed text to the wire thread at once, so that it is seen even if the cell then blocks this thread,
 * but joins it when a loop prints so much that the messages alone would choke both threads.
 */
export class PrintBuffer {
  private windowStart = 0;
  private inWindow = 0;
  private held: StreamText | undefined;
  private pieces: string[] = [];
  private characters = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly post: (text: StreamText) => void) {}

  print(text: StreamText): void {
    const now = performance.now();
    if (now - this.windowStart > WINDOW_MS) {
      this.windowStart = now;
      this.inWindow = 0;
      this.flush();
    }
    if (this.held && (this.held.name !== text.name || this.held.cell !== text.cell)) this.flush();
    if (this.inWindow < DIRECT_PER_WINDOW && !this.held) {
      this.inWindow += 1;
      this.post(text);
      return;
    }
    this.held = text;
    this.pieces.push(text.text);
    this.characters += text.text.length;
    if (this.characters > MAX_CHARACTERS) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), WINDOW_MS);
  }

  /** Must be called before anything else is sent, so that outputs keep their order. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.held) return;
    const { name, cell } = this.held;
    const text = this.pieces.join("");
    this.held = undefined;
    this.pieces = [];
    this.characters = 0;
    this.post({ name, cell, text });
  }
}
