import type { Command } from "commander";
import { measureFront } from "./front";

/** `bench front`: the exact front of the whole `dna` space. */
export function addFront(program: Command): void {
  program
    .command("front")
    .description("the exact front of the paper's space for all budgets at once, checked against HiGHS at 20 of them")
    .option("--json", "one line of JSON", false)
    .action(async (o: { json: boolean }) => {
      const line = (cells: readonly (string | number)[]) =>
        `${cells.map((cell) => String(cell).padStart(12)).join("")}\n`;
      if (!o.json)
        process.stdout.write(
          line(["correlation", "points", "front, s", "equal", "HiGHS, s", "3 limits, s", "interval, s", "3 nets, s"]),
        );
      const report = await measureFront((r) => {
        if (o.json) return;
        process.stdout.write(
          line([
            r.correlation,
            r.points,
            r.front_s,
            `${r.equal}/${r.budgets}`,
            r.highs_slowest_s,
            r.highs_three_limits_s,
            r.highs_interval_s,
            r.highs_three_different_s,
          ]),
        );
      });
      if (o.json) process.stdout.write(`${JSON.stringify(report)}\n`);
      else
        process.stdout.write(
          `\n${report.space}: ${report.candidates} candidates, ${report.networks} networks; ${report.cpu}\n`,
        );
    });
}
