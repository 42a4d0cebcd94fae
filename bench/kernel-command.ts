import type { Command } from "commander";
import { positive } from "./arguments";
import { type KernelBench, measureKernels } from "./kernel";

function table(r: KernelBench): string {
  const row = (name: string, { ours, tslab }: { ours: number; tslab: number }, ratio: number) =>
    `  ${name.padEnd(44)}${`${ours} ms`.padStart(12)}${`${tslab} ms`.padStart(12)}${ratio.toFixed(2).padStart(8)}\n`;
  const line = (name: string, times: string, ratio = "") =>
    `  ${name.padEnd(44)}${times.padStart(24)}${ratio.padStart(8)}\n`;
  return (
    `${"".padEnd(46)}${"ours".padStart(12)}${"plain tslab".padStart(12)}${"ratio".padStart(8)}\n` +
    row("ready: start to kernel_info_reply", r.ready_ms, r.ready_ratio) +
    row("first cell: start to its reply", r.first_cell_ms, r.first_cell_ratio) +
    row("small cell: request to reply", r.small_cell_ms, r.small_cell_ratio) +
    "\n" +
    line("cell 5 and cell 500 of one notebook", `${r.cell_5_ms}, ${r.cell_500_ms} ms`, r.cell_500_ratio.toFixed(2)) +
    line("completion: idle", `${r.completion_ms.idle} ms`) +
    line("completion while a cell awaits", `${r.completion_ms.awaiting} ms`) +
    line("completion while a cell blocks", `${r.completion_ms.blocked} ms`) +
    line("slowest completion", `${r.slowest_completion_ms} ms`) +
    `\n  medians of ${r.starts} starts each, in turns; ${r.cpu}, ${r.cores} cores, load ${r.load}\n`
  );
}

export function addKernel(program: Command): void {
  program
    .command("kernel")
    .description(
      "start, first cell and small cells of our kernel and of plain tslab, and our completion and 500 cells, by the protocol",
    )
    .option("--starts <n>", "of each, besides one that does not count", positive, 5)
    .option("--json", "one line of JSON", false)
    .action(async ({ starts, json }: { starts: number; json: boolean }) => {
      const result = await measureKernels(starts);
      process.stdout.write(json ? `${JSON.stringify(result)}\n` : table(result));
    });
}
