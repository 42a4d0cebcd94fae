import { randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { BlockwiseError, ConfigError } from "../../core";
import { plotlyPath } from "../../viz";
import { watchPage } from "./watch-page";
import { WATCH_SCRIPT } from "./watch-script";
import { RunWatcher } from "./watched-run";

/** Milliseconds between two looks at the directory while somebody watches. */
const LOOK_EVERY_MS = 700;

/** Nothing of another origin gets in, nothing but what this server gives is run. */
const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
} as const;

type Given = readonly [code: number, type: string, body: string | Uint8Array];
const FORBIDDEN: Given = [403, "text/plain", "403: the address needs its token\n"];

/**
 * A page on this machine alone that shows what a run is at: on 127.0.0.1, and to nobody who has not the token of its address.
 * It reads the run's directory; the run itself is made by any other process.
 */
export class WatchServer {
  private readonly token = randomBytes(24).toString("base64url");
  private readonly server: Server;
  private readonly listeners = new Set<ServerResponse>();
  private readonly watcher: RunWatcher;
  private timer: NodeJS.Timeout | undefined;
  private told = "";

  constructor(private readonly path: string) {
    this.watcher = new RunWatcher(path);
    this.server = createServer((request, answer) => this.answer(request, answer));
  }

  /**
   * Begins to listen.
   * @param port 0: any that is free.
   * @returns The page's address, with its token.
   * @throws ConfigError when the port is taken.
   */
  async listen(port: number): Promise<string> {
    await new Promise<void>((done, failed) => {
      this.server.once("error", (error: NodeJS.ErrnoException) => {
        failed(
          new ConfigError(
            `watch: --port must be one that is free, and ${port} is not (${error.code}); leave it out for any`,
            { port },
          ),
        );
      });
      this.server.listen(port, "127.0.0.1", done);
    });
    return `http://127.0.0.1:${this.port}/?token=${this.token}`;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private answer(request: IncomingMessage, answer: ServerResponse): void {
    for (const [name, value] of Object.entries(HEADERS)) answer.setHeader(name, value);
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const mayEnter = this.mayEnter(request, url);
    if (mayEnter && request.method === "GET" && url.pathname === "/events") {
      this.follow(request, answer);
      return;
    }
    const [code, type, body] = mayEnter ? this.given(request.method, url.pathname) : FORBIDDEN;
    answer.writeHead(code, { "Content-Type": `${type}; charset=utf-8` });
    answer.end(body);
  }

  private given(method: string | undefined, path: string): Given {
    if (method !== "GET") return [405, "text/plain", "405: this page is only read\n"];
    if (path === "/") return [200, "text/html", watchPage(this.path, this.token)];
    if (path === "/watch.js") return [200, "text/javascript", WATCH_SCRIPT];
    if (path === "/plotly.js") return [200, "text/javascript", readFileSync(plotlyPath())];
    if (path === "/state") return [200, "application/json", this.state()];
    return [404, "text/plain", "404\n"];
  }

  /** A page of another site may know the port, and point a name of its own here: neither gives it the token or our name. */
  private mayEnter({ headers: { host, origin } }: IncomingMessage, url: URL): boolean {
    const own = [`127.0.0.1:${this.port}`, `localhost:${this.port}`];
    if (host === undefined || !own.includes(host)) return false;
    if (origin !== undefined && !own.some((name) => origin === `http://${name}`)) return false;
    const given = Buffer.from(url.searchParams.get("token") ?? "");
    const wanted = Buffer.from(this.token);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }

  /** Server-sent events: the whole state whenever it is another one. */
  private follow(request: IncomingMessage, answer: ServerResponse): void {
    answer.writeHead(200, { "Content-Type": "text/event-stream" });
    this.listeners.add(answer);
    request.on("close", () => {
      this.listeners.delete(answer);
      if (this.listeners.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    });
    this.told = this.state();
    answer.write(`data: ${this.told}\n\n`);
    this.timer ??= setInterval(() => this.tell(), LOOK_EVERY_MS);
  }

  private tell(): void {
    const state = this.state();
    if (state === this.told) return;
    this.told = state;
    for (const listener of this.listeners) listener.write(`data: ${state}\n\n`);
  }

  private state(): string {
    try {
      return JSON.stringify(this.watcher.read());
    } catch (error) {
      // The directory was deleted or moved meanwhile: the page says so, and looks on.
      if (error instanceof BlockwiseError) return JSON.stringify({ gone: error.message });
      throw error;
    }
  }
}
