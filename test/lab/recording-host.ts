import { type MimeBundle, NOTEBOOK_HOST, type NotebookHost } from "../../src/display-protocol";

/** A notebook that writes down what it is told to show. */
export class RecordingHost implements NotebookHost {
  readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  readonly shown: { id?: string; bundle: MimeBundle; update: boolean }[] = [];

  display(bundle: MimeBundle, id?: string): void {
    this.shown.push({ id, bundle, update: false });
  }

  update(id: string, bundle: MimeBundle): void {
    this.shown.push({ id, bundle, update: true });
  }

  /** What the notebook shows in the end: displayed outputs, each in its last state. */
  outputs(): MimeBundle[] {
    const last = new Map<unknown, MimeBundle>();
    for (const [i, { id, bundle }] of this.shown.entries()) last.set(id ?? i, bundle);
    return [...last.values()];
  }
}

/** Runs `work` as if in a cell of a notebook. */
export async function inNotebook<T>(work: (host: RecordingHost) => T | Promise<T>): Promise<T> {
  const host = new RecordingHost();
  const globals = globalThis as { [NOTEBOOK_HOST]?: NotebookHost };
  globals[NOTEBOOK_HOST] = host;
  try {
    return await work(host);
  } finally {
    delete globals[NOTEBOOK_HOST];
  }
}
