import { randomUUID } from "node:crypto";
import type { Comm, CommMessage, CommOpened, Comms } from "../src/display-protocol";

type Content = Record<string, unknown>;
type Send = (
  type: "comm_open" | "comm_msg" | "comm_close",
  content: Content,
  metadata: Content,
  buffers?: readonly Uint8Array[],
) => void;

/** The two-way channels between cells and the front end's widgets. */
export class CommDesk implements Comms {
  private readonly targets = new Map<string, CommOpened>();
  private readonly opened = new Map<string, OpenComm>();

  /** @param noted called when a comm was opened, and when it was closed. */
  constructor(
    private readonly send: Send,
    private readonly noted: (comm: Comm, open: boolean) => void,
  ) {}

  open(target: string, data: unknown = {}, buffers?: readonly Uint8Array[], metadata: Content = {}): Comm {
    const comm = this.keep(randomUUID(), target);
    this.send("comm_open", { comm_id: comm.id, target_name: target, data }, metadata, buffers);
    return comm;
  }

  onOpen(target: string, welcome: CommOpened): void {
    this.targets.set(target, welcome);
  }

  /** Takes a message of the front end; what a listener throws is the caller's to show. */
  receive(type: string, content: Content, metadata: Content, buffers: readonly Uint8Array[]): void {
    const id = String(content.comm_id);
    const message: CommMessage = { data: content.data, metadata, buffers };
    if (type === "comm_open") {
      const target = String(content.target_name);
      const welcome = this.targets.get(target);
      // The protocol asks to close at once what nobody wants.
      if (!welcome) this.send("comm_close", { comm_id: id, data: {} }, {});
      else welcome(this.keep(id, target), message);
    } else if (type === "comm_msg") {
      this.opened.get(id)?.received(message);
    } else if (type === "comm_close") {
      const comm = this.opened.get(id);
      if (comm) this.forget(comm);
      comm?.closed(message);
    }
  }

  private keep(id: string, target: string): OpenComm {
    const comm = new OpenComm(id, target, (type, content, metadata, buffers) => {
      if (!this.opened.has(id)) throw new Error(`comm ${target}: it must be open to send, it was closed`);
      if (type === "comm_close") this.forget(comm);
      this.send(type, content, metadata, buffers);
    });
    this.opened.set(id, comm);
    this.noted(comm, true);
    return comm;
  }

  private forget(comm: OpenComm): void {
    this.opened.delete(comm.id);
    this.noted(comm, false);
  }
}

class OpenComm implements Comm {
  private readonly messageListeners: ((message: CommMessage) => void)[] = [];
  private readonly closeListeners: ((message: CommMessage) => void)[] = [];

  constructor(
    readonly id: string,
    readonly target: string,
    private readonly tell: Send,
  ) {}

  send(data: unknown, buffers?: readonly Uint8Array[], metadata: Content = {}): void {
    this.tell("comm_msg", { comm_id: this.id, data }, metadata, buffers);
  }

  close(data: unknown = {}): void {
    this.tell("comm_close", { comm_id: this.id, data }, {});
  }

  onMessage(listener: (message: CommMessage) => void): void {
    this.messageListeners.push(listener);
  }

  onClose(listener: (message: CommMessage) => void): void {
    this.closeListeners.push(listener);
  }

  received(message: CommMessage): void {
    for (const listener of this.messageListeners) listener(message);
  }

  closed(message: CommMessage): void {
    for (const listener of this.closeListeners) listener(message);
  }
}
