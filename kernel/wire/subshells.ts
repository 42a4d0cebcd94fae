import { randomUUID } from "node:crypto";

type Content = Record<string, unknown>;

/** The subshells of the kernel, and what the control channel is answered about them (JEP 91). */
export class Subshells {
  private readonly known = new Set<string>();

  /** @param gone called when one was deleted. */
  constructor(private readonly gone: (subshell: string) => void) {}

  /** Answers a request of the control channel; undefined when it is about something else. */
  answer(type: string, content: Content): Content | undefined {
    switch (type) {
      case "create_subshell_request": {
        const subshell_id = randomUUID();
        this.known.add(subshell_id);
        return { subshell_id };
      }
      case "delete_subshell_request": {
        const subshell = String(content.subshell_id);
        if (!this.known.delete(subshell)) return unknownSubshell(subshell);
        this.gone(subshell);
        return {};
      }
      case "list_subshell_request":
        return { subshell_id: [...this.known] };
      default:
        return undefined;
    }
  }

  has(subshell: string): boolean {
    return this.known.has(subshell);
  }
}

/** Content of an error reply. */
export function unknownSubshell(subshell: string): Content {
  const evalue = `kernel: subshell_id must be one that create_subshell_request gave and that was not deleted, got ${subshell}`;
  return { status: "error", ename: "UnknownSubshell", evalue, traceback: [] };
}
