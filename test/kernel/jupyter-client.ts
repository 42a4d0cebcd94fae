import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { Dealer, Request, Subscriber } from "zeromq";
import { address, type Connection } from "../../kernel/wire/connection";
import { decode, encode, type Message, newHeader, Signer } from "../../kernel/wire/message";

export const ROOT = resolve(__dirname, "../..");
export const PRELUDE = join(__dirname, "fixtures", "prelude");
/** Far more than any request takes, for two loaded cores. */
const PATIENCE_MS = 120_000;

/** Compiles the kernel of the working tree below `build/`, where it finds node_modules; returns the folder. */
export async function buildKernel(): Promise<string> {
  const outdir = join(ROOT, "build", `kernel-test-${process.pid}-${randomUUID().slice(0, 8)}`);
  await build({
    absWorkingDir: ROOT,
    entryPoints: ["kernel/main.ts", "kernel/wire/wire-thread.ts", "kernel/install.ts"],
    bundle: true,
    packages: "external",
    platform: "node",
    format: "cjs",
    target: "node20",
    outbase: "kernel",
    outdir,
  });
  return outdir;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

export interface Executed {
  /** All iopub messages of the cell between busy and idle, without `status`. */
  readonly messages: Message[];
  readonly reply: Record<string, unknown>;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Jupyter client of one kernel process over loopback. */
export class KernelUnderTest {
  private readonly inbox: Message[] = [];
  private readonly listeners = new Set<() => void>();
  private closed = false;

  private constructor(
    readonly process: ChildProcess,
    readonly folder: string,
    private readonly signer: Signer,
    private readonly shell: Dealer,
    private readonly control: Dealer,
    private readonly iopub: Subscriber,
    private readonly heartbeat: Request,
    private readonly bundle: string,
  ) {
    for (const socket of [shell, control, iopub]) void this.listen(socket);
  }

  static async start(files: Record<string, string> = {}): Promise<KernelUnderTest> {
    const bundle = await buildKernel();
    const folder = mkdtempSync(join(tmpdir(), "kernel-test-"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(resolve(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await Promise.all(
      Array.from({ length: 5 }, freePort),
    );
    const connection = {
      transport: "tcp",
      ip: "127.0.0.1",
      ...{ shell_port, iopub_port, stdin_port, control_port, hb_port },
      signature_scheme: "hmac-sha256",
      key: randomUUID(),
    } as Connection;
    const file = join(folder, "connection.json");
    writeFileSync(file, JSON.stringify(connection));
    const argv = ["--no-force-async-hooks-checks", join(bundle, "main.js"), file, "--package", PRELUDE];
    const child = spawn(process.execPath, argv, { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });

    const options = { linger: 0, receiveHighWaterMark: 0 };
    const sockets = [
      new Dealer(options),
      new Dealer(options),
      new Subscriber(options),
      new Request({ linger: 0 }),
    ] as const;
    const [shell, control, iopub, heartbeat] = sockets;
    for (const [socket, channel] of [
      [shell, "shell"],
      [control, "control"],
      [iopub, "iopub"],
      [heartbeat, "hb"],
    ] as const) {
      socket.connect(address(connection, channel));
    }
    iopub.subscribe();
    const signer = new Signer(connection.signature_scheme, connection.key);
    const kernel = new KernelUnderTest(child, folder, signer, shell, control, iopub, heartbeat, bundle);
    await kernel.awaitReady();
    return kernel;
  }

  /** Sends on shell or control; returns the id of the message. */
  async send(type: string, content: Record<string, unknown>, channel: "shell" | "control" = "shell"): Promise<string> {
    const header = newHeader(type, "test");
    const frames = encode({ identities: [], header, parent: {}, content: JSON.stringify(content) }, this.signer);
    await this[channel].send(frames);
    return header.msg_id;
  }

  sendRaw(frames: (string | Buffer)[]): Promise<void> {
    return this.shell.send(frames);
  }

  async request(
    type: string,
    content: Record<string, unknown> = {},
    channel: "shell" | "control" = "shell",
  ): Promise<Record<string, unknown>> {
    const id = await this.send(type, content, channel);
    return (await this.reply(id)).content;
  }

  reply(id: string): Promise<Message> {
    return this.waitFor((m) => m.parent.msg_id === id && m.header.msg_type.endsWith("_reply"));
  }

  /** Runs a cell; `during` is called once it is busy. */
  async execute(
    code: string,
    during?: (id: string) => Promise<void>,
    content: Record<string, unknown> = {},
  ): Promise<Executed> {
    const id = await this.send("execute_request", {
      code,
      silent: false,
      store_history: true,
      stop_on_error: true,
      ...content,
    });
    if (during) {
      await this.waitFor((m) => m.parent.msg_id === id && m.content.execution_state === "busy");
      await during(id);
    }
    return this.result(id);
  }

  async result(id: string): Promise<Executed> {
    const reply = await this.reply(id);
    await this.waitFor((m) => m.parent.msg_id === id && m.content.execution_state === "idle");
    const messages = this.of(id).filter((m) => !["status", "execute_reply"].includes(m.header.msg_type));
    const text = (name: string): string =>
      messages
        .filter((m) => m.header.msg_type === "stream" && m.content.name === name)
        .map((m) => m.content.text)
        .join("");
    return { messages, reply: reply.content, stdout: text("stdout"), stderr: text("stderr") };
  }

  interrupt(): Promise<Record<string, unknown>> {
    return this.request("interrupt_request", {}, "control");
  }

  /** All messages so far that answer the request, in the order of arrival on each channel. */
  of(id: string): Message[] {
    return this.inbox.filter((message) => message.parent.msg_id === id);
  }

  async waitFor(accept: (message: Message) => boolean, patience = PATIENCE_MS): Promise<Message> {
    const deadline = Date.now() + patience;
    for (;;) {
      const found = this.inbox.find(accept);
      if (found) return found;
      const { exitCode, signalCode } = this.process;
      if (exitCode !== null || signalCode !== null) throw new Error(`the kernel ended: ${exitCode ?? signalCode}`);
      if (Date.now() > deadline) throw new Error("no such message came from the kernel");
      await new Promise<void>((done) => {
        const timer = setTimeout(wake, 200);
        const { listeners } = this;
        function wake(): void {
          clearTimeout(timer);
          listeners.delete(wake);
          done();
        }
        listeners.add(wake);
      });
    }
  }

  async beat(): Promise<string> {
    await this.heartbeat.send("ping");
    const [answer] = await this.heartbeat.receive();
    return String(answer);
  }

  /** Resolves with the exit code of the process. */
  exited(): Promise<number | null> {
    const { exitCode, signalCode } = this.process;
    if (exitCode !== null || signalCode !== null) return Promise.resolve(exitCode);
    return new Promise((done) => this.process.once("exit", done));
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = this.exited();
      this.process.kill("SIGKILL");
      await ended;
    }
    for (const socket of [this.shell, this.control, this.iopub, this.heartbeat]) socket.close();
    rmSync(this.folder, { recursive: true, force: true });
    rmSync(this.bundle, { recursive: true, force: true });
  }

  /** Subscribing takes effect late: asks until an idle status comes through. */
  private async awaitReady(): Promise<void> {
    for (let attempt = 0; attempt < 240; attempt++) {
      await this.send("kernel_info_request", {});
      const seen = await this.waitFor((m) => m.content.execution_state === "idle", 500).catch(() => undefined);
      if (seen) return;
    }
    throw new Error("the kernel did not become ready");
  }

  private async listen(socket: Dealer | Subscriber): Promise<void> {
    try {
      for await (const frames of socket) {
        this.inbox.push(decode(frames as Buffer[], this.signer));
        for (const wake of [...this.listeners]) wake();
      }
    } catch (error) {
      if (!this.closed) throw error;
    }
  }
}
