import type { Command } from "commander";
import { positive } from "./arguments";
import { withRivals } from "./pytorch";

/** `bench dna`: the whole search beside plain PyTorch's. */
export function addDna(program: Command): void {
  program
    .command("dna")
    .description(
      "distil all blocks, rate all candidates, find the front: ours and plain PyTorch's, as the released code does it",
    )
    .option("--json", "one line of JSON", false)
    .option("--threads <count>", "of both sides", positive, 2)
    .action(async ({ json, threads }: { json: boolean; threads: number }) => {
      // Only here, because it needs what `npm run build` makes.
      const { measureDna } = await import("./dna.js");
      await withRivals(async (rivals) => {
        const result = await measureDna(rivals, threads, (line) => process.stderr.write(`${line}\n`));
        if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
        else {
          const { runs: _, ...facts } = result;
          process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
        }
      });
    });
}
