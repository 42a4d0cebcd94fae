import "./blas-environment";
import { Command } from "commander";
import { addData } from "./data-command";
import { addDna } from "./dna-command";
import { addEngine } from "./engine-command";
import { addFront } from "./front-command";
import { addKernel } from "./kernel-command";
import { addLatency } from "./latency-command";
import { addScale } from "./scale-command";
import { addSearchers } from "./searchers-command";
import { addSimulate } from "./simulate-command";
import { addSpread } from "./spread-command";
import { addStep } from "./step-command";
import { addStore } from "./store-command";
import { addTable } from "./table-command";

/** One line a benchmark; each prints one line of JSON with `--json`. */
const BENCHMARKS: readonly ((program: Command) => void)[] = [
  addData,
  addDna,
  addEngine,
  addFront,
  addKernel,
  addLatency,
  addScale,
  addSearchers,
  addSimulate,
  addSpread,
  addStep,
  addStore,
  addTable,
];

const program = new Command("bench").description("Measured comparisons; PyTorch runs beside ours in the same run.");
for (const add of BENCHMARKS) add(program);

program.parseAsync().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
