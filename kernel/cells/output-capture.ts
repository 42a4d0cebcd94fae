import { StringDecoder } from "node:string_decoder";
import type { StreamName } from "../wire/stream-buffer";

type Callback = (error?: Error | null) => void;

/** Sends all that is written to `process.stdout` and `process.stderr`, `console` included, to the cell. */
export function captureOutput(print: (name: StreamName, text: string) => void): void {
  for (const name of ["stdout", "stderr"] as const) {
    // A character of several bytes may come in two writes.
    const decoder = new StringDecoder("utf8");
    process[name].write = (
      chunk: string | Uint8Array,
      second?: BufferEncoding | Callback,
      third?: Callback,
    ): boolean => {
      const encoding = typeof second === "string" ? second : "utf8";
      const text =
        typeof chunk === "string" ? Buffer.from(chunk, encoding).toString("utf8") : decoder.write(Buffer.from(chunk));
      if (text !== "") print(name, text);
      const done = typeof second === "function" ? second : third;
      if (done) process.nextTick(done);
      return true;
    };
  }
}
