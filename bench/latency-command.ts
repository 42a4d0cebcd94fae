import type { Command } from "commander";
import { engine } from "../src/engine";
import { positive } from "./arguments";
import { type LatencyBenchOptions, measureSums } from "./latency";

/** `bench latency`: whether the sum over a network's layers predicts how long it takes in a browser. */
export function addLatency(program: Command): void {
  program
    .command("latency")
    .description("latencies of random networks in Chromium and onnxruntime, measured and predicted by their layers")
    .option("--places <list>", "with commas; all that are there unless given")
    .option("--space <name>", "search space", "dna-mini")
    .option("--networks <n>", "random networks", positive, 20)
    .option("--rounds <n>", "runs of each layer and network", positive, 30)
    .option("--json", "one line of JSON", false)
    .action(async ({ json, ...options }: LatencyBenchOptions & { json: boolean }) => {
      engine.use("auto", { threads: 1 });
      const report = await measureSums(options, (sentence) => {
        if (!json) process.stdout.write(`${sentence}\n`);
      });
      if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
    });
}
