type Frames = (Buffer | string)[];

/** What the queue needs of a zeromq socket. */
export interface Sender {
  send(frames: Frames): Promise<void>;
}

/**
 * Sends one message after the other on a socket.
 *
 * zeromq refuses a second send while one waits (EBUSY) and the message is lost; this queue awaits each.
 */
export class SendQueue {
  private waiting: Frames[] = [];
  private running: Promise<void> = Promise.resolve();
  private active = false;

  constructor(
    private readonly socket: Sender,
    private readonly onError: (error: unknown) => void,
  ) {}

  push(frames: Frames): void {
    this.waiting.push(frames);
    if (!this.active) {
      this.active = true;
      this.running = this.run();
    }
  }

  /** Resolves when all that was pushed so far was handed to zeromq. */
  async drained(): Promise<void> {
    while (this.active) await this.running;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      for (const frames of batch) {
        try {
          await this.socket.send(frames);
        } catch (error) {
          this.onError(error);
        }
      }
    }
    this.active = false;
  }
}
