import type { Command } from "commander";
import { ConfigError } from "../../core";
import type { Prediction } from "../../retrain";
import { textTable } from "../table";

/** `blockwise predict <found.json> <image>`: the likeliest classes of an image file. */
export function registerPredict(program: Command): void {
  program
    .command("predict")
    .description("classify an image file with a found network")
    .argument("<found>", "the network's JSON file; its weights lie beside it")
    .argument("<image>", "PNG, JPEG, WebP, TIFF or GIF; scaled to fit and padded with black where its size differs")
    .option("--top <count>", "how many classes to print", "3")
    .option("--json", "print JSON")
    .action(async (found: string, image: string, options: { top: string; json?: boolean }) => {
      if (!/^[1-9]\d*$/.test(options.top)) {
        throw new ConfigError(`--top: must be a whole number from 1, got ${JSON.stringify(options.top)}`);
      }
      const prediction = await classify(found, image, Number(options.top));
      if (options.json) console.log(JSON.stringify(prediction, null, 2));
      else print(prediction);
    });
}

async function classify(found: string, image: string, top: number): Promise<Prediction> {
  // Loaded here, so that commands without tensors start at once; import() in CommonJS needs whole file names.
  const { engine } = await import("../../engine/index.js");
  const { loadFound, predict } = await import("../../retrain/index.js");
  engine.use("auto", { threads: 1 });
  const network = loadFound(found);
  try {
    return await predict(network, image, { top });
  } finally {
    network.dispose();
  }
}

function print({ image, resizing, top }: Prediction): void {
  console.log(`${image} (resizing: ${resizing})`);
  console.log(
    textTable(
      ["class", "probability"],
      top.map(({ name, probability }) => [name, `${(100 * probability).toFixed(1)} %`]),
    ),
  );
}
