import type { Command } from "commander";
import { positive, positives } from "./arguments";
import { type EngineBench, measureEngine, type TimedRow } from "./engine";
import { heldOption, holdAtAvx2 } from "./held";
import { withRivals } from "./pytorch";

const HEAD = `${"row".padEnd(52)}${["threads", "ours ms", "PyTorch", "ratio", "our malloc", "NCHW"].map((t) => t.padStart(11)).join("")}\n`;

function line(r: TimedRow): string {
  const numbers = [r.threads, r.ours_ms, r.pytorch_nhwc_ms, r.ratio_nhwc, r.ratio_nhwc_equal_malloc, r.ratio_nchw];
  const cells = numbers.map((value, i) => (value === null ? "absent" : i === 0 ? `${value}` : value.toFixed(2)));
  return `${r.row.padEnd(52)}${cells.map((cell) => cell.padStart(11)).join("")}\n`;
}

function summary(result: EngineBench): string {
  const limits = result.limits.map(
    (l) => `  ${l.threads} thread(s): copies ${l.copy_gb_per_s} GB/s, multiplies ${l.matmul_gflop_per_s} GFLOP/s\n`,
  );
  return (
    `\nours to PyTorch channels_last, as installed (and with our malloc):\n` +
    `  MBConv rows: geometric mean ${result.geomean_ratio_nhwc} (${result.geomean_ratio_nhwc_equal_malloc}), worst ${result.max_ratio_nhwc} (${result.max_ratio_nhwc_equal_malloc})\n` +
    `  network: ${result.network_ratio_nhwc} (${result.network_ratio_nhwc_equal_malloc}); inference, worst: ${result.inference_ratio} (${result.inference_ratio_equal_malloc})\n` +
    `a small add: ${result.add_us} us, on tfjs's cpu backend ${result.add_cpu_us} us\nour kernels: ${result.isa}${result.held ? " (both sides held there)" : ""}; BLAS: ${result.blas.ours}, PyTorch's ${result.blas.pytorch ?? "absent"}\nthe machine:\n${limits.join("")}`
  );
}

export function addEngine(program: Command): void {
  program
    .command("engine")
    .description(
      "the engine beside PyTorch: MBConv steps, a whole network, inference, single ops, and the machine's limits",
    )
    .option("--threads <list>", "of both, one measurement each", positives, [1, 2])
    .option("--rounds <n>", "turns of each", positive, 3)
    .option("--cpu", "CPU time in place of the clock's, for a crowded machine; with --threads 1", false)
    .addOption(heldOption())
    .option("--only <text>", "only rows with this in their name, e.g. 14x14, training, Adam")
    .option("--json", "one line of JSON; progress goes to stderr", false)
    .action(async (o) => {
      if (o.avx2) holdAtAvx2();
      const progress = o.json ? process.stderr : process.stdout;
      progress.write(HEAD);
      const result = await withRivals((rivals) => measureEngine(o, rivals, (row) => progress.write(line(row))));
      process.stdout.write(o.json ? `${JSON.stringify(result)}\n` : summary(result));
    });
}
