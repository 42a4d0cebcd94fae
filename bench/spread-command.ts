import type { Command } from "commander";
import { engine } from "../src/engine";
import { numbersThat, positive } from "./arguments";
import { measureSpread, type SpreadOptions } from "./spread";

const shares = numbersThat((value) => value > 0 && value <= 1, "shares above 0, up to 1");

/** `bench spread`: how far apart networks of equal MACs lie in the default space. */
export function addSpread(program: Command): void {
  program
    .command("spread")
    .description("random networks of equal MACs of the default space, trained with several seeds: what differs more")
    .option("--shares <list>", "shares of the teacher's MACs, e.g. 0.1,0.05", shares, [0.1, 0.05])
    .option("--networks <n>", "networks at each", positive, 40)
    .option("--seeds <n>", "trainings of each", positive, 2)
    .option("--train-count <n>", "training images", positive, 16_000)
    .option("--epochs <n>", "passes over them", positive, 2)
    .option("--json", "one line of JSON", false)
    .action(async ({ json, ...options }: SpreadOptions & { json: boolean }) => {
      await engine.use("native");
      const report = await measureSpread(options, (budget) => {
        if (json) return;
        const { macs, networks, seeds, mean, between, within, ratio } = budget;
        process.stdout.write(
          `${(macs / 1e6).toFixed(2)}M MACs, ${networks} networks, ${seeds} seeds: mean ${mean} %, standard deviation between networks ${between}, within one ${within}: ratio ${ratio}\n`,
        );
      });
      if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
    });
}
