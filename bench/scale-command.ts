import type { Command } from "commander";
import { positive } from "./arguments";

/** `bench scale`: two workers against one. */
export function addScale(program: Command): void {
  program
    .command("scale")
    .description("four blocks distilled by two worker threads against one, and what the machine allows two of anything")
    .option("--images <n>", "of a distillation", positive, 1000)
    .option("--epochs <n>", "of each cell", positive, 2)
    .option("--batch <n>", "images a step", positive, 32)
    .option("--pairs <n>", "turns of one and of two", positive, 9)
    .option("--json", "one line of JSON", false)
    .action(async ({ images, epochs, batch, pairs, json }) => {
      // Only here, because it needs what `npm run build` makes.
      const { measureScale } = await import("./scale.js");
      const result = await measureScale({ images, epochs, batchSize: batch }, pairs, (line) =>
        process.stderr.write(`${line}\n`),
      );
      process.stdout.write(`${JSON.stringify(result, null, json ? undefined : 2)}\n`);
    });
}
