import type { Command } from "commander";
import { engine } from "../src/engine";
import { numbersThat, positive } from "./arguments";
import { type DataBench, measureData } from "./data";

function table({ pictures, sizes, cpu, cores, load }: DataBench): string {
  const lines = sizes.map(({ side, decoded, augmented, trained, feeds, streamed }) =>
    [side, decoded, augmented, streamed, trained, `${feeds.toFixed(1)} times`].map((cell) => String(cell).padStart(12)),
  );
  const heads = ["pixels", "decoded", "augmented", "from a file", "trained", "feeds"].map((head) => head.padStart(12));
  return `Images a second, ${pictures} JPEG pictures a size; "feeds": augmented images for each that the engine trains\n\n${[heads, ...lines].map((line) => line.join("")).join("\n")}\n\n${cpu}, ${cores} cores, load ${load}\n`;
}

const sides = numbersThat(
  (side) => Number.isInteger(side) && side >= 8 && side <= 512,
  "whole numbers of 8 to 512 are needed",
);

/** `bench data`: whether decoding and augmenting keep up with the engine. */
export function addData(program: Command): void {
  program
    .command("data")
    .description("images a second decoded and augmented, and whether that feeds the engine")
    .option("--sides <list>", "sides of the pictures, pixels", sides, [32, 96])
    .option("--pictures <n>", "pictures of each size", positive, 256)
    .option("--rounds <n>", "turns of each; the median counts", positive, 3)
    .option("--json", "one line of JSON", false)
    .action(async ({ json, ...options }: { sides: number[]; pictures: number; rounds: number; json: boolean }) => {
      await engine.use("native");
      const result = await measureData(options);
      process.stdout.write(json ? `${JSON.stringify(result)}\n` : table(result));
    });
}
