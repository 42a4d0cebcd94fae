import { ftruncateSync, readSync, writeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import type { Descriptors } from "../life/descriptors";
import type { StreamName } from "./stream-buffer";

/** By then what was read has been sent, ms. */
const SENT_AFTER_MS = 500;
/** As much as a pipe holds. */
const CHUNK = 1 << 16;
/** Chunks that are read at a time: what is written without end must not keep the thread. */
const MOST_CHUNKS = 64;

/**
 * Reads what was written to descriptors 1 and 2, by whichever thread looks first: the main thread before it prints, so
 * that the order is kept, and the wire thread while the main one waits.
 */
export class DescriptorReader {
  private readonly decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
  private readonly bytes = Buffer.alloc(CHUNK);
  private sent: NodeJS.Timeout | undefined;

  constructor(
    private readonly descriptors: Descriptors | undefined,
    private readonly print: (name: StreamName, text: string) => void,
  ) {}

  /** Prints what is there. */
  drain(): void {
    if (!this.descriptors) return;
    for (const name of ["stdout", "stderr"] as const) {
      for (let i = 0; i < MOST_CHUNKS; i++) {
        const length = readNow(this.descriptors[name], this.bytes);
        if (length === 0) break;
        if (name === "stderr") this.noteUnsent(length);
        const text = this.decoders[name].write(this.bytes.subarray(0, length));
        if (text !== "") this.print(name, text);
      }
    }
  }

  /** A crash may come before what was just read is sent: then the log has it. */
  private noteUnsent(length: number): void {
    const { unsent } = this.descriptors!;
    try {
      writeSync(unsent, this.bytes, 0, length);
    } catch {
      // A full disk holds up nothing.
      return;
    }
    clearTimeout(this.sent);
    this.sent = setTimeout(() => ftruncateSync(unsent), SENT_AFTER_MS).unref();
  }
}

/** 0 when there is nothing; Node says so by an error, whose stack costs more than the read. */
function readNow(descriptor: number, bytes: Buffer): number {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return readSync(descriptor, bytes);
  } catch {
    return 0;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
