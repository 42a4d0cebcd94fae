import type { Command } from "commander";
import { positive, positives } from "./arguments";
import { measureEngine } from "./engine";
import { startRivals } from "./step";

export function addEngine(program: Command): void {
  program
    .command("engine")
    .description("MBConv training steps at three sizes, kernels 3, 5 and 7")
    .option("--threads <list>", "of both, one measurement each", positives, [1, 2])
    .option("--rounds <n>", "turns of each", positive, 3)
    .option("--steps <n>", "steps a turn; the first of them does not count", positive, 4)
    .option("--json", "one line of JSON", false)
    .action(async (o) => {
      const rivals = await startRivals();
      const cell = (value: number | null) => (value === null ? "absent" : value.toFixed(2)).padStart(12);
      try {
        if (!o.json)
          process.stdout.write(
            `${"batch x size x channels, kernel".padEnd(34)}     threads        ours     PyTorch       ratio equal malloc\n`,
          );
        const turns = { rounds: o.rounds, steps: Math.max(2, o.steps) };
        const result = await measureEngine(o.threads, turns, rivals, (r) => {
          if (o.json) return;
          const name = `${r.batch} x ${r.size}x${r.size} x ${r.channels}, k${r.kernel}`.padEnd(34);
          const numbers = [r.threads, r.ours_ms, r.pytorch_nhwc_ms, r.ratio_nhwc, r.ratio_nhwc_equal_malloc];
          process.stdout.write(`${name}${numbers.map(cell).join("")}\n`);
        });
        if (o.json) process.stdout.write(`${JSON.stringify(result)}\n`);
        else
          process.stdout.write(
            `\ngeometric means: ${result.geomean_ratio_nhwc} as installed, ${result.geomean_ratio_nhwc_equal_malloc} with our malloc\n`,
          );
      } finally {
        rivals?.plain.close();
        rivals?.equal.close();
      }
    });
}
