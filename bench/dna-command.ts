import { type Command, Option } from "commander";
import { positive } from "./arguments";
import type { DnaRequest } from "./dna";
import { heldOption, holdAtAvx2 } from "./held";
import { withRivals } from "./pytorch";

/** `bench dna`: the whole search beside plain PyTorch's. */
export function addDna(program: Command): void {
  program
    .command("dna")
    .description(
      "distil all blocks, rate all candidates, find the front: ours and plain PyTorch's, as the released code does it",
    )
    .option("--json", "one line of JSON", false)
    .addOption(heldOption())
    .addOption(
      new Option("--initial-weights <rule>", "what both sides draw kernels from")
        .choices(["fan-out", "fan-in"])
        .default("fan-out"),
    )
    .option("--threads <count>", "of both sides", positive, 2)
    .action(async ({ json, avx2, ...request }: DnaRequest & { json: boolean; avx2: boolean }) => {
      if (avx2) holdAtAvx2();
      // Only here, because it needs what `npm run build` makes.
      const { measureDna } = await import("./dna.js");
      await withRivals(async (rivals) => {
        const result = await measureDna(rivals, request, (line) => process.stderr.write(`${line}\n`));
        if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
        else {
          const { runs: _, ...facts } = result;
          process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
        }
      });
    });
}
