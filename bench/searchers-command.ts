import type { Command } from "commander";
import { measureSearchers } from "./searchers";

/** `bench searchers`: how many architectures a searcher proposes in a second. */
export function addSearchers(program: Command): void {
  program
    .command("searchers")
    .description("proposals a second of each searcher alone (asking and telling), after 1,000 observations")
    .option("--json", "one line of JSON", false)
    .action((o: { json: boolean }) => {
      const line = (cells: readonly (string | number)[]) =>
        `${cells.map((cell) => String(cell).padStart(20)).join("")}\n`;
      if (!o.json) process.stdout.write(line(["searcher", "space", "asks a second", "of the processor", "needed"]));
      const report = measureSearchers((r) => {
        if (!o.json) process.stdout.write(line([r.searcher, r.space, r.asks_a_second, r.asks_a_cpu_second, r.needed]));
      });
      if (o.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    });
}
