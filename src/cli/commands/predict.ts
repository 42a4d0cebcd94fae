import { existsSync } from "node:fs";
import type { Command } from "commander";
import { ConfigError, DataError, percent } from "../../core";
import type { Prediction } from "../../retrain";
import { EXIT } from "../exit-codes";
import { Output, type OutputOptions, withOutput } from "../output";
import { textTable } from "../table";
import { wholeNumber } from "../whole-number";

interface PredictOptions extends OutputOptions {
  readonly top: string;
}

/** `blockwise predict <found.json> <images...>`: the likeliest classes of image files. */
export function registerPredict(program: Command): void {
  withOutput(program.command("predict"))
    .description("classify image files with a found network")
    .argument("<found>", "the network's JSON file; its weights lie beside it")
    .argument(
      "<images...>",
      "files (PNG, JPEG, WebP, TIFF, GIF, AVIF) and folders of them; each is scaled to fit and padded with black where its size differs",
    )
    .option("--top <count>", "how many classes to print", "3")
    .addHelpText(
      "after",
      "\nWith --json: an object for one file, a list for several files or a folder. Files that cannot be read are named on\nstderr, the others are classified, and the exit code is 1.",
    )
    .action(async (found: string, images: string[], options: PredictOptions) => {
      const top = wholeNumber("--top", options.top, 1);
      process.exitCode = await classify(found, images, top, new Output(options));
    });
}

async function classify(found: string, places: readonly string[], top: number, output: Output): Promise<number> {
  // Loaded here, so that commands without tensors start at once; import() in CommonJS needs whole file names.
  const { engine } = await import("../../engine/index.js");
  const { imagePaths } = await import("../../data/index.js");
  const { loadFound, predictAll } = await import("../../retrain/index.js");
  if (!existsSync(found)) {
    throw new ConfigError(`predict: ${found} must be a found network's JSON file, and does not exist; check its path`, {
      path: found,
    });
  }
  const { images: paths, others } = await imagePaths(places);
  if (paths.length === 0) {
    throw new ConfigError(`predict: there must be at least one image, and ${places.join(", ")} has none`);
  }
  engine.use("auto", { threads: 1 });
  const network = loadFound(found);
  const one = paths.length === 1 && paths[0] === places[0];
  try {
    const { predictions, unreadable } = await output.progressing((context) =>
      predictAll(network, paths, { top }, one ? {} : context),
    );
    if (one && unreadable.length > 0) throw new DataError(unreadable[0].reason, { path: paths[0] });
    if (one) output.result(predictions[0], () => single(predictions[0]));
    else output.result(predictions, () => table(predictions));
    if (others.length > 0) output.remark(leftOut(others));
    for (const { reason } of unreadable) output.warn(`blockwise: ${reason}`);
    return unreadable.length > 0 ? EXIT.failed : EXIT.done;
  } finally {
    network.dispose();
  }
}

function leftOut(others: readonly string[]): string {
  const more = others.length > 5 ? `, and ${others.length - 5} more` : "";
  return `left out, by their names no images: ${others.slice(0, 5).join(", ")}${more}`;
}

function single({ image, resizing, top }: Prediction): string {
  return `${image} (resizing: ${resizing})\n${textTable(
    ["class", "probability"],
    top.map(({ name, probability }) => [name, percent(probability, 1)]),
  )}`;
}

function table(predictions: readonly Prediction[]): string {
  const ranks = predictions[0]?.top.length ?? 0;
  const header = ["image", ...Array.from({ length: ranks }, (_, i) => [`class ${i + 1}`, "probability"]).flat()];
  return textTable(
    header,
    predictions.map(({ image, top }) => [
      image,
      ...top.flatMap(({ name, probability }) => [name, percent(probability, 1)]),
    ]),
  );
}
