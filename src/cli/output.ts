import { Writable } from "node:stream";
import type { Command } from "commander";
import type { StepContext } from "../core";
import { progressReporter } from "./progress-reporter";

/** The options that every command has. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds the options that every command has. */
export function withOutput(command: Command): Command {
  return command
    .option("--json", "print the result as JSON, and nothing else on stdout")
    .option("--quiet", "print the result and errors only: no progress, no remarks");
}

/** Where a command's words go: its result to stdout, everything else to stderr or nowhere. */
export class Output {
  constructor(private readonly options: OutputOptions) {}

  /** The result: as JSON with `--json`, as text for people otherwise. */
  result(value: unknown, text: () => string): void {
    console.log(this.options.json ? JSON.stringify(value, null, 2) : text());
  }

  /** What people want to know beside the result: silent with `--quiet`, on stderr with `--json`. */
  remark(text: string): void {
    if (this.options.quiet) return;
    if (this.options.json) console.error(text);
    else console.log(text);
  }

  /** Where progress is written. */
  get progress(): NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number } {
    return this.options.quiet ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  }

  /** A warning about the result, whoever reads it. */
  warn(text: string): void {
    console.error(text);
  }

  /** Does work whose progress and warnings are shown on stderr. */
  async progressing<Result>(work: (context: StepContext) => Promise<Result>): Promise<Result> {
    if (this.options.quiet) return work({ onWarning: (message) => this.warn(`warning: ${message}`) });
    const progress = progressReporter(process.stderr);
    const onWarning = (message: string) => {
      progress.finish();
      this.warn(`warning: ${message}`);
    };
    try {
      return await work({ onProgress: (event) => progress.report(event), onWarning });
    } finally {
      progress.finish();
    }
  }
}
