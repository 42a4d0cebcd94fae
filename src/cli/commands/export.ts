import { existsSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { CheckpointError, ConfigError, checkOptions, rule } from "../../core";
import { Output, type OutputOptions, withOutput } from "../output";
import { checkOutput, checkOutputFolder } from "../output-file";

interface ExportCommandOptions extends OutputOptions {
  readonly to: string;
  readonly out?: string;
  readonly preprocessing?: true;
  readonly arch?: string;
}

/** `blockwise export <found> --to onnx`: a found network or a teacher as a file for others to run. */
export function registerExport(program: Command): void {
  withOutput(program.command("export"))
    .description("write a found network or a teacher for others to run")
    .argument("<found>", "a found network's JSON file, or a teacher's .safetensors (of torchvision or timm, too)")
    .requiredOption("--to <format>", "onnx, layers-model, timm, pytorch, safetensors, card or page")
    .option("--out <path>", "the file, for layers-model a folder; by the network's name in this folder unless given")
    .option(
      "--preprocessing",
      "onnx: the graph takes bytes [batch, height, width, channels] and normalises them itself",
    )
    .option("--arch <name>", "of weights of torchvision or timm: the network, where their tensors do not say it")
    .addHelpText(
      "after",
      `
  onnx          for onnxruntime and all that reads ONNX; any batch
  layers-model  a folder for TensorFlow.js: model.json, weights.bin, labels.json; it answers with probabilities, and its
                layer "classifier" with logits
  timm          weights under timm's names, and beside them what its builder is told
  pytorch       a Python module that needs PyTorch only, its weights beside
  safetensors   weights and record in one file, which lab.teacher reads
  card          a page about the network: diagram, costs, accuracy, how it was found
  page          a page in which the network classifies pictures that its reader chooses: weights and all that runs them are
                in the file, which needs no server and no connection`,
    )
    .action(async (found: string, options: ExportCommandOptions) => {
      await write(found, options, new Output(options));
    });
}

async function write(
  found: string,
  { to, out, preprocessing, arch }: ExportCommandOptions,
  output: Output,
): Promise<void> {
  // Loaded here, so that commands without tensors start at once; import() in CommonJS needs whole file names.
  const { engine } = await import("../../engine/index.js");
  const { EXPORT_FORMATS, exportNetwork } = await import("../../export/index.js");
  const { loadFound, openTeacherFile } = await import("../../retrain/index.js");
  const { Teacher } = await import("../../teacher/index.js");
  checkOptions("export", { to }, { to: rule.oneOf(...EXPORT_FORMATS) });
  const format = EXPORT_FORMATS.find((each) => each === to)!;
  if (!existsSync(found)) {
    throw new ConfigError(
      `export: ${found} must be a found network's JSON file or a teacher's .safetensors, and does not exist; check its path`,
      { path: found },
    );
  }
  if (statSync(found).isDirectory()) {
    throw new CheckpointError(
      `export: ${found} must be a found network's JSON file or a teacher's .safetensors, and is a folder; name a file in it${existsSync(join(found, "found")) ? `, one of ${join(found, "found", "*.json")}` : ""}`,
      { path: found },
    );
  }
  if (out !== undefined) checkPlace(found, out, format === "layers-model");
  engine.use("auto", { threads: 1 });
  const isFound = found.endsWith(".json");
  if (isFound && arch !== undefined) {
    throw new ConfigError(
      `export: --arch is for weights of torchvision or timm; ${found} says it itself: leave it out`,
    );
  }
  const source = isFound ? loadFound(found) : await openTeacherFile(found, { arch });
  if (source instanceof Teacher) for (const remark of source.remarks) output.warn(remark);
  try {
    const files = await exportNetwork(source, format, out, { ...(preprocessing && { preprocessing }) });
    output.result({ format, files }, () => files.join("\n"));
  } finally {
    source.dispose();
  }
}

/** @throws ConfigError where nothing can be written, or what is exported would be lost. */
function checkPlace(found: string, out: string, isFolder: boolean): void {
  const lost = existsSync(out) && realpathSync(out) === realpathSync(found);
  if (lost) throw new ConfigError(`export --out: ${out} is the network that is exported; choose another name`);
  if (!isFolder) {
    checkOutput("export --out", out);
    return;
  }
  if (existsSync(out) && !statSync(out).isDirectory()) {
    throw new ConfigError(`export --out: layers-model makes a folder, and ${out} is a file; choose another name`);
  }
  checkOutputFolder("export --out", out);
}
