import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What a path of the server gives. */
export interface Served {
  readonly type: "text/html" | "text/javascript" | "application/wasm" | "application/json" | "application/octet-stream";
  readonly body: string | Uint8Array;
}

/** A server for one page on this machine alone. */
export class PageServer {
  private readonly files = new Map<string, () => Served>();
  private readonly server: Server;

  constructor() {
    this.server = createServer(({ url = "/" }, answer) => {
      // An isolated page has a clock of 5 microseconds instead of 100.
      answer.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      answer.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
      const served = this.files.get(url)?.();
      answer.statusCode = served ? 200 : 404;
      if (served) answer.setHeader("Content-Type", served.type);
      answer.end(served?.body ?? "");
    });
  }

  /** Serves what a function gives when it is asked for. */
  add(path: string, serve: () => Served): void {
    this.files.set(path, serve);
  }

  addFile(path: string, file: string, type: Served["type"]): void {
    this.add(path, () => ({ type, body: readFileSync(file) }));
  }

  remove(path: string): void {
    this.files.delete(path);
  }

  /** The address, once it listens. */
  async listen(): Promise<string> {
    await new Promise<void>((done, failed) => {
      this.server.once("error", failed);
      this.server.listen(0, "127.0.0.1", done);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
