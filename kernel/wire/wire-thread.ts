import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { Reply, Router, XPublisher } from "zeromq";
import { isAboutCode } from "../language/code-answers";
import type { Answer, Question } from "../language/messages";
import { endBlockedRead } from "../life/blocked-read";
import { endChildProcesses } from "../life/child-processes";
import { RunningChildren } from "../life/running-children";
import { onTerminateSignal } from "../life/terminate-signal";
import { address, type Channel } from "./connection";
import { DescriptorReader } from "./descriptor-reader";
import { History } from "./history";
import { decode, encode, type Header, type Message, newHeader, type Outgoing, Signer } from "./message";
import { SendQueue } from "./send-queue";
import { Stopper, type Stuck } from "./stopper";
import { StreamBuffer } from "./stream-buffer";
import { Subshells, unknownSubshell } from "./subshells";
import { GRACE_MS, SharedState, type ToMain, type ToWire, type WireSettings } from "./threads";

/** How long the main thread may take to begin to exit before the process is ended: a cell may block it. In ms; Jupyter gives 5 s. */
const BLOCKED_MS = 3000;
/** How long it may take from there: task threads finish the native call that they are in. In ms. */
const LEAVING_MS = 30_000;

/** How often is read what children and libraries write, while a cell runs and else, in ms. */
const READ_MS = 40;
const READ_IDLE_MS = 250;

type ReplyChannel = "shell" | "control";

const settings = workerData as WireSettings;
const port = parentPort!;
const signer = new Signer(settings.connection.signature_scheme, settings.connection.key);
const session = randomUUID();

// No high water mark: zeromq drops what exceeds it without a word.
const unlimited = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 1000 };
const sockets = {
  shell: new Router(unlimited),
  control: new Router(unlimited),
  stdin: new Router(unlimited),
  // Hears of every subscription, and welcomes it.
  iopub: new XPublisher({ sendHighWaterMark: 0, linger: 1000, verbosity: "allSubs" }),
  hb: new Reply({ linger: 0 }),
};
const queues = {
  shell: new SendQueue(sockets.shell, complain),
  control: new SendQueue(sockets.control, complain),
  stdin: new SendQueue(sockets.stdin, complain),
  iopub: new SendQueue(sockets.iopub, complain),
};

/** Requests that other threads work on; of those that run code the header stays, for output that comes late. */
const open = new Map<number, { message: Message; channel: ReplyChannel }>();
const parents = new Map<number, Header>();
const loops: Promise<void>[] = [];
const RUNS_CODE = /^(?:execute_request|comm_open|comm_msg|comm_close)$/;
const history = new History();
/** Open comms and their targets. */
const comms = new Map<string, string>();
const subshells = new Subshells((subshell) => tell({ kind: "subshell-gone", subshell }));
let lastId = 0;
/** Message id of the question put last. */
let asked: string | undefined;
/** What ends the process if it does not end by itself. */
let ending: NodeJS.Timeout | undefined;

const streams = new StreamBuffer(({ name, cell, text }) => {
  publish("stream", parents.get(cell) ?? {}, JSON.stringify({ name, text }));
});
const shared = new SharedState(settings.shared);
const stopper = new Stopper(shared, tell, sayStuck);
const children = new RunningChildren();
/** What children and libraries write, while the main thread does not look. */
const written = new DescriptorReader(settings.descriptors, (name, text) => {
  const cell = [...running].at(-1) ?? last;
  if (cell !== undefined && open.get(cell)?.message.content.silent !== true) streams.write({ name, cell, text });
});
/** The executions that run now, the latest last: one of each shell. */
const running = new Set<number>();
/** The execution that ended last. */
let last: number | undefined;

function tell(message: ToMain): void {
  port.postMessage(message);
}

/** The main thread may be blocked and its stderr captured: write to the terminal directly. */
function complain(error: unknown): void {
  try {
    const text = error instanceof Error ? error.message : String(error);
    writeSync(settings.descriptors?.log ?? 2, `blockwise kernel: ${text}\n`);
  } catch {
    // Nobody reads it.
  }
}

function publish(
  type: string,
  parent: Partial<Header>,
  content: string,
  { metadata, buffers }: Pick<Outgoing, "metadata" | "buffers"> = {},
): void {
  if (type !== "stream") streams.flush();
  const header = newHeader(type, session);
  queues.iopub.push(encode({ identities: [type], header, parent, metadata, content, buffers }, signer));
}

/** A client that waits for this loses nothing of what is published from then on. */
function welcome(topic: string): void {
  const header = newHeader("iopub_welcome", session);
  const content = JSON.stringify({ subscription: topic });
  queues.iopub.push(encode({ identities: [topic || "iopub_welcome"], header, parent: {}, content }, signer));
}

/** A child, a pipe or a native call may hold the cell where no JavaScript can be ended. */
function interrupt(): void {
  const interrupted = [...running];
  const goesOn = (): boolean => interrupted.some((cell) => running.has(cell));
  stopper.interrupt(goesOn);
  if (interrupted.length === 0) return;
  children.interrupt();
  for (const [at, byWriting] of [false, true].entries()) {
    setTimeout(() => goesOn() && endBlockedRead(byWriting), (at + 1) * GRACE_MS.plain);
  }
}

const STUCK: Readonly<Record<Stuck, string>> = {
  stack: "its code runs over its stack again and again",
  native: "a native call is under way",
};

function sayStuck(why: Stuck): void {
  const text = `interrupt: the cell cannot be stopped midway, ${STUCK[why]}; it ends when that does, a restart of the kernel ends it now\n`;
  for (const cell of running) streams.write({ name: "stderr", cell, text });
}

/** A client has the same identity on its stdin socket as on its shell socket. */
function ask(cell: number, content: string): void {
  const request = open.get(cell)?.message;
  if (!request) return;
  streams.flush();
  const header = newHeader("input_request", session);
  asked = header.msg_id;
  queues.stdin.push(encode({ identities: request.identities, header, parent: request.header, content }, signer));
}

/** Some clients do not say which question they answer; an answer to a withdrawn one is dropped. */
function onStdin({ header, parent, content }: Message): void {
  const late = parent.msg_id !== undefined && parent.msg_id !== asked;
  if (header.msg_type === "input_reply" && !late) tell({ kind: "input", text: String(content.value ?? "") });
}

function status(state: "starting" | "busy" | "idle", parent: Partial<Header>): void {
  publish("status", parent, JSON.stringify({ execution_state: state }));
}

function reply(channel: ReplyChannel, request: Message, type: string, content: string): void {
  // What the cell printed must be on its way before the client learns that the cell is done.
  streams.flush();
  const header = newHeader(type, session);
  queues[channel].push(encode({ identities: request.identities, header, parent: request.header, content }, signer));
}

/** Answers here, without the main thread. */
function answer(channel: ReplyChannel, request: Message, content: Record<string, unknown>): void {
  status("busy", request.header);
  const type = request.header.msg_type.replace(/_request$/, "_reply");
  reply(channel, request, type, JSON.stringify({ status: "ok", ...content }));
  status("idle", request.header);
}

async function drain(): Promise<void> {
  await Promise.all(Object.values(queues).map((queue) => queue.drained()));
}

/** zeromq crashes a process that ends with open sockets: the main thread waits for this. */
async function close(): Promise<void> {
  written.drain();
  streams.flush();
  await drain();
  for (const socket of Object.values(sockets)) socket.close();
  // The receives that waited end now; one that is still pending when the process ends aborts it.
  await Promise.allSettled(loops);
  setImmediate(() => shared.markClosed());
}

async function shutDown(channel: ReplyChannel, request: Message): Promise<void> {
  answer(channel, request, { restart: request.content.restart === true });
  await drain();
  leave();
}

/** The main thread exits by itself unless a cell blocks it. */
function leave(): void {
  tell({ kind: "shutdown" });
  ending ??= setTimeout(end, BLOCKED_MS);
}

function end(): void {
  endChildProcesses("SIGKILL");
  process.kill(process.pid, "SIGKILL");
}

/** Only what runs code waits for the main thread: a cell may block it. */
function onShell(message: Message): void {
  const { content } = message;
  const { msg_type: type, subshell_id: subshell } = message.header;
  if (type === "shutdown_request") void shutDown("shell", message);
  else if (typeof subshell === "string" && !subshells.has(subshell))
    answer("shell", message, unknownSubshell(subshell));
  else if (RUNS_CODE.test(type)) run(message);
  else if (isAboutCode(type)) {
    const id = keep(message);
    status("busy", message.header);
    settings.language.postMessage({ id, type, content } satisfies Question);
  } else if (type === "kernel_info_request") answer("shell", message, settings.kernelInfo);
  else if (type === "history_request") answer("shell", message, { history: history.answer(content) });
  else if (type === "comm_info_request") answer("shell", message, { comms: openComms(content.target_name) });
  else if (type === "connect_request") {
    const { shell_port, iopub_port, stdin_port, control_port, hb_port } = settings.connection;
    answer("shell", message, { shell_port, iopub_port, stdin_port, control_port, hb_port });
  } else refuse("shell", message);
}

function keep(message: Message): number {
  const id = ++lastId;
  open.set(id, { message, channel: "shell" });
  parents.set(id, message.header);
  return id;
}

function run(message: Message): void {
  const { header, content, metadata, buffers } = message;
  const id = keep(message);
  const subshell = header.subshell_id ?? undefined;
  const request = { id, type: header.msg_type, content, subshell, metadata };
  tell({ kind: "request", ...request, ...(buffers.length > 0 ? { buffers } : {}) });
}

/** Of one target or of all. */
function openComms(target: unknown): Record<string, { target_name: string }> {
  const wanted = [...comms].filter(([, name]) => typeof target !== "string" || name === target);
  return Object.fromEntries(wanted.map(([id, name]) => [id, { target_name: name }]));
}

function refuse(channel: ReplyChannel, message: Message): void {
  const evalue = `kernel: the type of a request must be one of Jupyter's protocol 5.5, got ${message.header.msg_type}`;
  answer(channel, message, { status: "error", ename: "NotSupported", evalue, traceback: [] });
}

function onControl(message: Message): void {
  const type = message.header.msg_type;
  const aboutSubshells = subshells.answer(type, message.content);
  if (type === "shutdown_request") void shutDown("control", message);
  else if (type === "kernel_info_request") answer("control", message, settings.kernelInfo);
  else if (aboutSubshells) answer("control", message, aboutSubshells);
  else if (type === "interrupt_request") {
    interrupt();
    answer("control", message, {});
  } else refuse("control", message);
}

/** Another thread is done with a request: its reply, then idle, always last. */
function finish(id: number, type: string, content: string, left: readonly number[] = []): void {
  const request = open.get(id);
  if (!request) return;
  open.delete(id);
  if (running.delete(id)) {
    last = id;
    if (running.size === 0) children.cellsEnd(left);
  }
  if (type !== "") reply(request.channel, request.message, type, content);
  status("idle", request.message.header);
  if (!RUNS_CODE.test(request.message.header.msg_type)) parents.delete(id);
}

port.on("message", take);
settings.language.on("message", ({ id, content }: Answer) => {
  const type = open.get(id)?.message.header.msg_type ?? "";
  finish(id, type.replace(/_request$/, "_reply"), content);
});

function take(message: ToWire): void {
  switch (message.kind) {
    case "begin":
      if (open.get(message.id)?.message.header.msg_type === "execute_request") {
        if (running.size === 0) children.cellsBegin(message.at, message.children);
        running.add(message.id);
      }
      status("busy", parents.get(message.id) ?? {});
      break;
    case "stream":
      streams.write(message);
      break;
    case "publish":
      publish(message.type, parents.get(message.cell) ?? {}, message.content, message);
      break;
    case "ask":
      ask(message.cell, message.content);
      break;
    case "finish":
      finish(message.id, message.type, message.content, message.children);
      break;
    case "history":
      history.add(message.number, message.input, message.output);
      break;
    case "comm":
      if (message.open) comms.set(message.id, message.target);
      else comms.delete(message.id);
      break;
    case "interrupt-seen":
      stopper.answered(message.serial);
      break;
    case "close":
      clearTimeout(ending);
      ending = setTimeout(end, LEAVING_MS).unref();
      void close();
      break;
  }
}

/** What the main thread has sent was before what is read here: it reads itself before it sends. */
function readWritten(): void {
  for (let sent = receiveMessageOnPort(port); sent; sent = receiveMessageOnPort(port)) take(sent.message as ToWire);
  written.drain();
  setTimeout(readWritten, running.size === 0 ? READ_IDLE_MS : READ_MS).unref();
}

async function listen(socket: Router, handle: (message: Message) => void): Promise<void> {
  for await (const frames of socket) {
    try {
      handle(decode(frames as Buffer[], signer));
    } catch (error) {
      complain(error);
    }
  }
}

async function greet(): Promise<void> {
  for await (const [event] of sockets.iopub) {
    // 1 and the topic: a subscription; 0: its end.
    if (event?.[0] === 1) welcome(event.toString("utf8", 1));
  }
}

async function beat(): Promise<void> {
  for await (const frames of sockets.hb) await sockets.hb.send(frames);
}

/** A kernel whose Jupyter died must not stay behind. */
function watchParent(): void {
  if (process.env.JPY_PARENT_PID === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) leave();
  }, 1000).unref();
}

async function bind(): Promise<void> {
  const channels: Channel[] = ["shell", "control", "stdin", "iopub", "hb"];
  for (const channel of channels) await sockets[channel].bind(address(settings.connection, channel));
}

process.on("uncaughtException", complain);
// A variable of the module, so that it is not collected.
export const terminateListener = onTerminateSignal(leave);

bind().then(
  () => {
    tell({ kind: "bound" });
    status("starting", {});
    loops.push(listen(sockets.shell, onShell), listen(sockets.control, onControl), beat(), greet());
    loops.push(listen(sockets.stdin, onStdin));
    watchParent();
    if (settings.descriptors) readWritten();
  },
  (error) => tell({ kind: "failed", message: `cannot bind the sockets of the connection file: ${String(error)}` }),
);
