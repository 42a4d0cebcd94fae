import { vi } from "vitest";
import { main } from "../../src/cli/main";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, and gives what it prints and its exit code. */
export async function blockwise(...args: string[]): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const line = (to: string[]) => (said: unknown) => void to.push(`${(said as Error | undefined)?.stack ?? said}\n`);
  const text = (to: string[]) => (said: unknown) => to.push(String(said)) > 0;
  const spies = [
    vi.spyOn(console, "log").mockImplementation(line(out)),
    vi.spyOn(console, "error").mockImplementation(line(err)),
    vi.spyOn(process.stdout, "write").mockImplementation(text(out)),
    vi.spyOn(process.stderr, "write").mockImplementation(text(err)),
  ];
  try {
    const code = await main(["node", "blockwise", ...args]);
    return { code, out: out.join(""), err: err.join("") };
  } finally {
    process.exitCode = 0;
    for (const spy of spies) spy.mockRestore();
  }
}
