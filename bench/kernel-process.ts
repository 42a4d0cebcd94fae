import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Dealer, Subscriber } from "zeromq";
import { address, type Connection } from "../kernel/wire/connection";
import { decode, encode, newHeader, Signer } from "../kernel/wire/message";

/** Longest wait for an answer, ms. */
const PATIENCE_MS = 120_000;
/** Longest wait for the idle status after a reply, ms. */
const IDLE_PATIENCE_MS = 500;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** A kernel as Jupyter starts it, and a client that does no more than wait for its answers. */
export class KernelProcess {
  private readonly startedAt = performance.now();
  private readonly process: ChildProcess;
  private readonly shell = new Dealer({ linger: 0 });
  private readonly iopub = new Subscriber({ linger: 0 });
  private readonly signer: Signer;
  /** Who waits for the end of a request: called with the times of its reply and of its idle status. */
  private readonly waiting = new Map<string, () => void>();
  private readonly replied = new Map<string, number>();
  private readonly idle = new Set<string>();
  private readonly printed = new Set<string>();
  /** What was offered, by completion. */
  private readonly matches = new Map<string, readonly string[]>();
  private closed = false;

  private constructor(
    private readonly folder: string,
    connection: Connection,
    command: (connectionFile: string) => string[],
  ) {
    this.signer = new Signer(connection.signature_scheme, connection.key);
    const file = join(folder, "connection.json");
    writeFileSync(file, JSON.stringify(connection));
    this.process = spawn(process.execPath, command(file), { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    this.shell.connect(address(connection, "shell"));
    this.iopub.connect(address(connection, "iopub"));
    this.iopub.subscribe();
    void this.listen(this.shell);
    void this.listen(this.iopub);
  }

  /** @param command arguments of Node that start the kernel. */
  static async start(command: (connectionFile: string) => string[]): Promise<KernelProcess> {
    const folder = mkdtempSync(join(tmpdir(), "bench-kernel-"));
    const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await Promise.all(
      Array.from({ length: 5 }, freePort),
    );
    const ports = { shell_port, iopub_port, stdin_port, control_port, hb_port };
    const rest = { transport: "tcp", ip: "127.0.0.1", signature_scheme: "hmac-sha256", key: randomUUID() };
    return new KernelProcess(folder, { ...rest, ...ports } as Connection, command);
  }

  /** Since the process was started, ms. */
  get age(): number {
    return performance.now() - this.startedAt;
  }

  /** Resolves when the kernel has answered its first request. */
  async ready(): Promise<void> {
    await this.answer(await this.send("kernel_info_request", {}));
  }

  /**
   * Runs a cell; resolves with the time from request to reply, ms.
   * @throws Error when the cell fails.
   */
  async execute(code: string): Promise<number> {
    const { id, sentAt } = await this.begin(code);
    return this.end(id, sentAt);
  }

  /**
   * Runs `work` while a cell runs: from when the cell has printed until it ends by the file that is written then.
   * @param code prints something, then waits for the file at the path.
   * @throws Error when the cell fails.
   */
  async during<T>(code: (path: string) => string, work: () => Promise<T>): Promise<T> {
    const path = join(this.folder, randomUUID());
    const { id, sentAt } = await this.begin(code(path));
    await this.until(id, () => this.printed.has(id));
    const result = await work();
    if (this.replied.has(id)) throw new Error("bench kernel: the cell ended before the work did");
    writeFileSync(path, "");
    await this.end(id, sentAt);
    return result;
  }

  /** Asks what may stand at the end of the code; resolves with the time from request to reply, ms, and what came. */
  async complete(code: string): Promise<{ time: number; matches: readonly string[] }> {
    const sentAt = performance.now();
    const id = await this.send("complete_request", { code, cursor_pos: code.length });
    await this.answer(id);
    return { time: this.replied.get(id)! - sentAt, matches: this.matches.get(id) ?? [] };
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const wake of this.waiting.values()) wake();
    const { exitCode, signalCode } = this.process;
    if (exitCode === null && signalCode === null) {
      this.process.kill("SIGKILL");
      await once(this.process, "exit");
    }
    this.shell.close();
    this.iopub.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async begin(code: string): Promise<{ id: string; sentAt: number }> {
    const sentAt = performance.now();
    const id = await this.send("execute_request", { code, silent: false, store_history: true, stop_on_error: true });
    return { id, sentAt };
  }

  private async end(id: string, sentAt: number): Promise<number> {
    await this.answer(id);
    const time = this.replied.get(id)! - sentAt;
    // Cells follow one another as in a notebook: once the kernel is idle. Plain tslab now and then starts to publish before
    // anyone can have subscribed, and its first status is lost.
    const idle = this.until(id, () => this.idle.has(id));
    await Promise.race([idle, pause(IDLE_PATIENCE_MS)]);
    return time;
  }

  private async send(type: string, content: Record<string, unknown>): Promise<string> {
    const header = newHeader(type, "bench");
    const frames = encode({ identities: [], header, parent: {}, content: JSON.stringify(content) }, this.signer);
    await this.shell.send(frames);
    return header.msg_id;
  }

  private answer(id: string): Promise<void> {
    return this.until(id, () => this.replied.has(id));
  }

  private async until(id: string, happened: () => boolean): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    const deadline = setTimeout(() => this.waiting.get(id)?.(), PATIENCE_MS);
    deadline.unref();
    while (!happened() && !this.closed) {
      await new Promise<void>((wake) => this.waiting.set(id, wake));
      if (this.process.exitCode !== null) throw new Error(`bench kernel: the kernel ended: ${this.process.exitCode}`);
      if (!happened() && performance.now() >= until)
        throw new Error(`bench kernel: no answer within ${PATIENCE_MS} ms`);
    }
    clearTimeout(deadline);
  }

  private async listen(socket: Dealer | Subscriber): Promise<void> {
    for await (const frames of socket) {
      const { header, parent, content } = decode(frames as Buffer[], this.signer);
      const id = parent.msg_id;
      if (id === undefined) continue;
      if (header.msg_type.endsWith("_reply")) this.replied.set(id, performance.now());
      else if (content.execution_state === "idle") this.idle.add(id);
      else if (header.msg_type === "stream") this.printed.add(id);
      if (header.msg_type === "complete_reply") this.matches.set(id, content.matches as string[]);
      if (header.msg_type === "execute_reply" && content.status !== "ok") {
        throw new Error(`bench kernel: a cell failed: ${JSON.stringify(content).slice(0, 500)}`);
      }
      this.waiting.get(id)?.();
    }
  }
}
