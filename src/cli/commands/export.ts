import { existsSync } from "node:fs";
import type { Command } from "commander";
import { ConfigError, checkOptions, rule } from "../../core";
import { Output, type OutputOptions, withOutput } from "../output";
import { checkOutput } from "../output-file";

interface ExportCommandOptions extends OutputOptions {
  readonly to: string;
  readonly out?: string;
  readonly preprocessing?: true;
}

/** `blockwise export <found> --to onnx`: a found network or a teacher as a file for others to run. */
export function registerExport(program: Command): void {
  withOutput(program.command("export"))
    .description("write a found network or a teacher for others to run")
    .argument("<found>", "a found network's JSON file, or a teacher's .safetensors (of torchvision or timm, too)")
    .requiredOption("--to <format>", "onnx, layers-model, timm, pytorch, safetensors or card")
    .option("--out <path>", "the file, for layers-model a folder; by the network's name in this folder unless given")
    .option(
      "--preprocessing",
      "onnx: the graph takes bytes [batch, height, width, channels] and normalises them itself",
    )
    .addHelpText(
      "after",
      `
  onnx          for onnxruntime and all that reads ONNX; any batch
  layers-model  a folder for TensorFlow.js: model.json, weights.bin, labels.json
  timm          weights under timm's names, and beside them what its builder is told
  pytorch       a Python module that needs PyTorch only, its weights beside
  safetensors   weights and record in one file, which lab.teacher reads
  card          a page about the network: diagram, costs, accuracy, how it was found`,
    )
    .action(async (found: string, options: ExportCommandOptions) => {
      await write(found, options, new Output(options));
    });
}

async function write(found: string, { to, out, preprocessing }: ExportCommandOptions, output: Output): Promise<void> {
  // Loaded here, so that commands without tensors start at once; import() in CommonJS needs whole file names.
  const { engine } = await import("../../engine/index.js");
  const { EXPORT_FORMATS, exportNetwork } = await import("../../export/index.js");
  const { loadFound } = await import("../../retrain/index.js");
  const { openTeacher } = await import("../../teacher/index.js");
  checkOptions("export", { to }, { to: rule.oneOf(...EXPORT_FORMATS) });
  const format = EXPORT_FORMATS.find((each) => each === to)!;
  if (!existsSync(found)) {
    throw new ConfigError(
      `export: ${found} must be a found network's JSON file or a teacher's .safetensors, and does not exist; check its path`,
      { path: found },
    );
  }
  if (out !== undefined && format !== "layers-model") checkOutput("export --out", out);
  engine.use("auto", { threads: 1 });
  const source = found.endsWith(".safetensors") ? openTeacher(found) : loadFound(found);
  try {
    const files = await exportNetwork(source, format, out, { ...(preprocessing && { preprocessing }) });
    output.result({ format, files }, () => files.join("\n"));
  } finally {
    source.dispose();
  }
}
