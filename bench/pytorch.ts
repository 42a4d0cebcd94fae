import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";

/** The allocator settings that our engine sets for itself (native/src/allocator.cc), for PyTorch by environment. */
const EQUAL_MALLOC = {
  MALLOC_MMAP_THRESHOLD_: "1073741824",
  MALLOC_TRIM_THRESHOLD_: "17179869184",
  MALLOC_TOP_PAD_: "67108864",
};

const PYTHON = process.env.BLOCKWISE_PYTHON ?? "/usr/bin/python3";

/** Why PyTorch cannot be timed here, or undefined if it can. */
function pytorchMissing(): string | undefined {
  const asked = spawnSync(PYTHON, ["-c", "import torch"], { encoding: "utf8" });
  if (asked.error) return `${PYTHON} does not start: ${asked.error.message}`;
  if (asked.status !== 0) return `${PYTHON} has no torch (Debian: apt install python3-torch)`;
  return undefined;
}

/** A Python child (`pytorch/child.py`) that answers one JSON line to each that it is sent. */
export class PyTorch {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: Interface;
  private readonly waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  private errors = "";

  constructor(environment: Record<string, string> = {}) {
    this.child = spawn(PYTHON, [join(__dirname, "pytorch", "child.py")], { env: { ...process.env, ...environment } });
    this.child.stderr.on("data", (chunk) => {
      this.errors += chunk;
    });
    this.child.on("close", (code) => {
      for (const { reject } of this.waiting)
        reject(new Error(`PyTorch's side ended (${code}): ${this.errors.slice(-2000)}`));
    });
    this.lines = createInterface(this.child.stdout);
    this.lines.on("line", (line) => this.waiting.shift()?.resolve(line));
  }

  ask<T>(request: object): Promise<T> {
    return new Promise<string>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${JSON.stringify(request)}\n`);
    }).then((line) => JSON.parse(line) as T);
  }

  close(): void {
    this.child.stdin.end();
  }
}

/** PyTorch beside us: once as installed, once with our allocator settings. */
export interface Rivals {
  plain: PyTorch;
  equal: PyTorch;
  version: string;
  /** Which product of matrices it calls. */
  blas: string;
}

/** Runs `body` with PyTorch's two children, or with undefined after saying on stderr why there are none. */
export async function withRivals<T>(body: (rivals: Rivals | undefined) => Promise<T>): Promise<T> {
  const missing = pytorchMissing();
  if (missing) {
    process.stderr.write(`PyTorch is absent, so only our own time is measured: ${missing}\n`);
    return body(undefined);
  }
  const [plain, equal] = [new PyTorch(), new PyTorch(EQUAL_MALLOC)];
  try {
    const { torch, blas } = await plain.ask<{ torch: string; blas: string }>({ do: "versions" });
    return await body({ plain, equal, version: torch, blas });
  } finally {
    plain.close();
    equal.close();
  }
}
