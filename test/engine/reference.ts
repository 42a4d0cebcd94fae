/** PyTorch in float64 as the reference of property tests: one Python process a test file. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe } from "vitest";
import type { Values } from "./fused-helpers";

const PYTHON = process.env.BLOCKWISE_PYTHON ?? "/usr/bin/python3";

function torchMissing(): string | undefined {
  const asked = spawnSync(PYTHON, ["-c", "import torch, numpy"], { encoding: "utf8" });
  if (asked.error) return `${PYTHON} does not start: ${asked.error.message}`;
  if (asked.status !== 0) return `${PYTHON} has no torch or numpy (Debian: apt install python3-torch)`;
  return undefined;
}

const missing = torchMissing();
if (missing) {
  if (process.env.BLOCKWISE_REQUIRE_PYTORCH === "1") throw new Error(`BLOCKWISE_REQUIRE_PYTORCH=1, but ${missing}`);
  process.stderr.write(`\n*** THE FUSED KERNELS ARE NOT COMPARED WITH PYTORCH: ${missing} ***\n\n`);
}

/** A suite that needs PyTorch: loudly skipped without it, an error where BLOCKWISE_REQUIRE_PYTORCH=1. */
export const describePyTorch = describe.skipIf(missing !== undefined);

type Sent = Record<string, { shape: number[]; data: string }>;

export interface Question {
  /** A name of test/golden/fused/serve.py. */
  readonly op: string;
  readonly options: Record<string, unknown>;
  readonly inputs: Values;
  /** Inputs whose gradients are wanted: those of the first output times `inputs.pull`, summed. */
  readonly gradients?: readonly string[];
}

export interface Answer {
  readonly outputs: Values;
  readonly gradients: Values;
}

/** The Python process; ask as often as you like, close once. */
export class Reference {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  private errors = "";

  constructor() {
    this.child = spawn(PYTHON, [join(__dirname, "../golden/fused/serve.py")]);
    this.child.stderr.on("data", (chunk) => {
      this.errors += chunk;
    });
    this.child.on("close", (code) => {
      for (const { reject } of this.waiting) reject(new Error(`PyTorch ended (${code}): ${this.errors.slice(-2000)}`));
    });
    createInterface(this.child.stdout).on("line", (line) => this.waiting.shift()?.resolve(line));
  }

  async ask({ op, options, inputs, gradients = [] }: Question): Promise<Answer> {
    const answer = new Promise<string>((resolve, reject) => this.waiting.push({ resolve, reject }));
    this.child.stdin.write(`${JSON.stringify({ op, options, inputs: packed(inputs), gradients })}\n`);
    const { outputs, gradients: slopes } = JSON.parse(await answer) as { outputs: Sent; gradients: Sent };
    return { outputs: unpacked(outputs), gradients: unpacked(slopes) };
  }

  close(): void {
    this.child.stdin.end();
  }
}

function packed(values: Values): Sent {
  return Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => [
      name,
      { shape, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") },
    ]),
  );
}

function unpacked(sent: Sent): Values {
  return Object.fromEntries(
    Object.entries(sent).map(([name, { shape, data }]) => {
      const bytes = Buffer.from(data, "base64");
      const doubles = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      return [name, { shape, data: Float32Array.from(doubles) }];
    }),
  );
}
