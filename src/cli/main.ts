#!/usr/bin/env node
import { Command } from "commander";
import { registerCost } from "./commands/cost";
import { registerKernel } from "./commands/kernel";
import { registerLatency } from "./commands/latency";
import { registerNotebook } from "./commands/notebook";
import { registerPredict } from "./commands/predict";
import { registerReport } from "./commands/report";
import { registerRun } from "./commands/run";
import { registerSearch } from "./commands/search";
import { registerSpace } from "./commands/space";
import { registerStudy } from "./commands/study";
import { reportFailure } from "./failure";

/** The `blockwise` command with all its subcommands. */
export function createProgram(): Command {
  const program = new Command("blockwise");
  program.description("Block-wise neural architecture search").showHelpAfterError("(blockwise --help tells more)");
  registerCost(program);
  registerLatency(program);
  registerKernel(program);
  registerNotebook(program);
  registerPredict(program);
  registerReport(program);
  registerRun(program);
  registerSearch(program);
  registerSpace(program);
  registerStudy(program);
  return program;
}

if (require.main === module) {
  createProgram()
    .parseAsync()
    .catch((error: unknown) => {
      process.exitCode = reportFailure(error);
    });
}
