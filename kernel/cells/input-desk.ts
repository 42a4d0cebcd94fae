import { ConfigError, InterruptedError } from "../../src/core/errors";
import type { Cell } from "./notebook-host";

interface Question {
  readonly cell: Cell;
  readonly prompt: string;
  readonly password: boolean;
  readonly resolve: (answer: string) => void;
  readonly reject: (error: Error) => void;
}

/** Asks the user of the front end that runs the cell, one question at a time. */
export class InputDesk {
  private readonly waiting: Question[] = [];

  /** @param send puts a question to the front end. */
  constructor(private readonly send: (cell: Cell, content: { prompt: string; password: boolean }) => void) {}

  /**
   * Resolves to what the user typed; rejects when the front end takes no input, the cell has ended or is interrupted.
   */
  ask(cell: Cell | undefined, prompt: string, password: boolean): Promise<string> {
    if (!cell || cell.settled) {
      return Promise.reject(
        new ConfigError("input: a cell must be running to ask, it has ended; await the answer in it"),
      );
    }
    if (!cell.allowStdin) {
      const got = "it was run with allow_stdin = false";
      return Promise.reject(
        new ConfigError(`input: the cell's front end must take input, ${got}; run the cell by hand or set a variable`),
      );
    }
    return new Promise((resolve, reject) => {
      const question = { cell, prompt, password, resolve, reject };
      this.waiting.push(question);
      cell.controller.signal.addEventListener("abort", () => this.withdraw(question), { once: true });
      if (this.waiting.length === 1) this.put(question);
    });
  }

  /** Takes the answer to the question that was put last; one that comes when none is open is dropped. */
  answer(text: string): void {
    this.waiting.shift()?.resolve(text);
    this.putNext();
  }

  private withdraw(question: Question): void {
    const at = this.waiting.indexOf(question);
    if (at < 0) return;
    this.waiting.splice(at, 1);
    question.reject(new InterruptedError("cell: interrupted by the user"));
    if (at === 0) this.putNext();
  }

  private putNext(): void {
    if (this.waiting.length > 0) this.put(this.waiting[0]);
  }

  private put({ cell, prompt, password }: Question): void {
    this.send(cell, { prompt, password });
  }
}
