import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Dealer, Request, Subscriber } from "zeromq";
import { address, type Connection } from "../../kernel/wire/connection";
import { decode, encode, type Message, newHeader, Signer } from "../../kernel/wire/message";
import { kernelBundle } from "../setup/kernel-place";

export const ROOT = resolve(__dirname, "../..");
export const PRELUDE = join(__dirname, "fixtures", "prelude");
/** Far more than any request takes, on a machine that has other things to do. */
const PATIENCE_MS = 400_000;

/** Runs `installKernel` or `uninstallKernel` of a built kernel, in a process of its own; returns its result. */
export function runInstaller(
  bundle: string,
  what: "installKernel" | "uninstallKernel",
  options: { prefix?: string } = {},
  env: NodeJS.ProcessEnv = process.env,
): unknown {
  const call = `require(${JSON.stringify(join(bundle, "install.js"))}).${what}(${JSON.stringify(options)})`;
  const script = `process.stdout.write(JSON.stringify(${call}))`;
  return JSON.parse(execFileSync(process.execPath, ["-e", script], { encoding: "utf8", env, stdio: "pipe" }));
}

/** Starts of a kernel whose ports were taken meanwhile. */
const START_ATTEMPTS = 3;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

function connectSockets(connection: Connection) {
  const options = { linger: 0, receiveHighWaterMark: 0 };
  // One identity for all: the kernel asks on stdin whoever sent the cell on shell.
  const identified = { ...options, routingId: randomUUID() };
  const sockets = {
    shell: new Dealer(identified),
    control: new Dealer(identified),
    stdin: new Dealer(identified),
    iopub: new Subscriber(options),
    hb: new Request({ linger: 0 }),
  };
  for (const channel of ["shell", "control", "stdin", "iopub", "hb"] as const) {
    sockets[channel].connect(address(connection, channel));
  }
  sockets.iopub.subscribe();
  return sockets;
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
  private readonly signer: Signer;
  private readonly sockets: ReturnType<typeof connectSockets>;
  private closed = false;
  /** What the process wrote on its standard error. */
  private written = "";

  private constructor(
    readonly process: ChildProcess,
    readonly folder: string,
    private readonly connection: Connection,
    /** Whether it started the kernel, and ends it. */
    private readonly owner: boolean,
  ) {
    this.signer = new Signer(connection.signature_scheme, connection.key);
    this.sockets = connectSockets(connection);
    const { shell, control, stdin, iopub } = this.sockets;
    for (const socket of [shell, control, stdin, iopub]) void this.listen(socket);
    process.stderr?.on("data", (text) => {
      this.written += text;
    });
  }

  /** @param early called while the kernel starts. */
  static async start(
    files: Record<string, string> = {},
    prelude = PRELUDE,
    early?: (kernel: KernelUnderTest) => Promise<void>,
  ): Promise<KernelUnderTest> {
    for (let attempt = 1; ; attempt++) {
      const kernel = await KernelUnderTest.launch(files, prelude);
      try {
        await early?.(kernel);
        await kernel.awaitReady();
        return kernel;
      } catch (error) {
        // Between the choice of a port and its use another process may take it, as with Jupyter itself.
        const taken = kernel.written.includes("Address already in use");
        await kernel.close();
        if (!taken || attempt === START_ATTEMPTS) throw error;
      }
    }
  }

  private static async launch(files: Record<string, string>, prelude: string): Promise<KernelUnderTest> {
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
    const argv = ["--no-force-async-hooks-checks", join(kernelBundle(), "main.js"), file, "--package", prelude];
    // As Jupyter starts kernels: of a group of its own, and ending when its parent is gone.
    const env = { ...process.env, JPY_PARENT_PID: String(process.pid) };
    const child = spawn(process.execPath, argv, {
      cwd: folder,
      env,
      // A socket, as front ends do that start kernels by Node.
      stdio: ["ignore", "inherit", "pipe"],
      detached: true,
    });
    return new KernelUnderTest(child, folder, connection, true);
  }

  /** A second client of the same kernel; close it before the first. */
  async join(): Promise<KernelUnderTest> {
    const client = new KernelUnderTest(this.process, this.folder, this.connection, false);
    await client.awaitReady();
    return client;
  }

  /** Sends on shell or control; returns the id of the message. */
  async send(
    type: string,
    content: Record<string, unknown>,
    channel: "shell" | "control" = "shell",
    buffers: Uint8Array[] = [],
    metadata: Record<string, unknown> = {},
    subshell_id?: string,
  ): Promise<string> {
    const header = { ...newHeader(type, "test"), ...(subshell_id === undefined ? {} : { subshell_id }) };
    const about = JSON.stringify(metadata);
    const message = { identities: [], header, parent: {}, metadata: about, content: JSON.stringify(content), buffers };
    const frames = encode(message, this.signer);
    await this.sockets[channel].send(frames);
    return header.msg_id;
  }

  /** Signed by another key when given one. */
  async sendSigned(type: string, key: string, parts: Partial<Record<"header" | "content", unknown>>): Promise<string> {
    const header = newHeader(type, "test");
    const content = JSON.stringify(parts.content ?? {});
    const message = { identities: [], header: (parts.header ?? header) as typeof header, parent: {}, content };
    await this.sockets.shell.send(encode(message, new Signer(this.connection.signature_scheme, key)));
    return header.msg_id;
  }

  get key(): string {
    return this.connection.key;
  }

  /** Answers a question of the kernel. */
  async answer(question: Message, value: string): Promise<void> {
    const message = {
      identities: [],
      header: newHeader("input_reply", "test"),
      parent: question.header,
      content: JSON.stringify({ value }),
    };
    await this.sockets.stdin.send(encode(message, this.signer));
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

  /** What the kernel has written to its own descriptor 2, for who started it. */
  get log(): string {
    return this.written;
  }

  /** Resolves when that holds the text. */
  async logged(text: string): Promise<void> {
    while (!this.written.includes(text)) {
      if (this.process.stderr?.closed) throw new Error(`the log has ended without ${text}: ${this.written}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  /** All messages so far, in the order of arrival on each channel. */
  get received(): readonly Message[] {
    return this.inbox;
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
    await this.sockets.hb.send("ping");
    const [answer] = await this.sockets.hb.receive();
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
    for (const socket of Object.values(this.sockets)) socket.close();
    if (!this.owner) return;
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = this.exited();
      this.process.kill("SIGKILL");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
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
