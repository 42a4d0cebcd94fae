import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { simulate } from "./simulate";
import { simulationText } from "./simulate-text";

const PAGE = join(__dirname, "../docs/scale.md");
const RESULT = join(__dirname, "results", "simulate.json");
const BETWEEN = /(<!-- simulation: begin -->\n)[\s\S]*(\n<!-- simulation: end -->)/;

/** `bench simulate`: DNA's ImageNet search on 1 to 512 workers, from measured rates. */
export function addSimulate(program: Command): void {
  program
    .command("simulate")
    .description("DNA's search on ImageNet with 1 to 512 workers, computed from measured rates; trains nothing")
    .option("--json", "one line of JSON", false)
    .option("--write", "into bench/results/simulate.json and docs/scale.md", false)
    .action(({ json, write }: { json: boolean; write: boolean }) => {
      const simulation = simulate();
      if (write) {
        mkdirSync(join(__dirname, "results"), { recursive: true });
        writeFileSync(RESULT, `${JSON.stringify(simulation, null, 2)}\n`);
        const text = simulationText(simulation);
        writeFileSync(
          PAGE,
          readFileSync(PAGE, "utf8").replace(BETWEEN, (_, begin, end) => `${begin}\n${text}\n${end}`),
        );
      }
      process.stdout.write(json ? `${JSON.stringify(simulation)}\n` : `${simulationText(simulation)}\n`);
    });
}
