import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import {
  ConfigError,
  checkOptions,
  type OptionRules,
  packageVersion,
  rule,
  shown,
  writeAtomic,
  writeJson,
} from "../core";
import { encodeSafetensors } from "../nn";
import { saveLayersModel, toLayersModel } from "../retrain";
import { Teacher } from "../teacher";
import { networkCard } from "./card";
import { asExportable, type Exportable, type ExportFacts, type ExportSource, isExportSource } from "./exportable";
import { type OnnxOptions, onnxGraph } from "./onnx/graph";
import { encodeOnnx } from "./onnx/model";
import { networkPage } from "./page";
import { pytorchModule, pytorchState } from "./pytorch";
import { timmDescription, timmState } from "./timm";

/** Forms in which a network leaves. */
export const EXPORT_FORMATS = ["onnx", "layers-model", "timm", "pytorch", "safetensors", "card", "page"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Further choices; `preprocessing` is ONNX's. */
export type ExportOptions = OnnxOptions;

const RULES: OptionRules<ExportOptions> = { preprocessing: rule.boolean };

interface Writer {
  /** How the file's name ends; "" of a folder. */
  readonly extension: string;
  /** Behind the network's name where no path is given: so that no file of one form takes the place of another's. */
  readonly suffix: string;
  /** Writes the files; the first is what is asked for. */
  write(network: Exportable, path: string, options: ExportOptions): Promise<string[]> | string[];
}

const WRITERS: Readonly<Record<ExportFormat, Writer>> = {
  onnx: {
    extension: ".onnx",
    suffix: "",
    write: (of, path, options) => {
      const graph = onnxGraph(of.network, of.preprocessing, options);
      const { mean, std } = of.preprocessing;
      const about = { classes: JSON.stringify(of.classes), preprocessing: JSON.stringify({ mean, std }) };
      writeAtomic(path, encodeOnnx(graph, about, packageVersion()));
      return [path];
    },
  },
  "layers-model": {
    extension: "",
    suffix: "-layers-model",
    write: async ({ network, preprocessing, classes }, path) => {
      const model = toLayersModel(network);
      try {
        await saveLayersModel(path, model, { preprocessing, classes });
      } finally {
        model.dispose();
      }
      return [join(path, "model.json"), join(path, "weights.bin"), join(path, "labels.json")];
    },
  },
  timm: {
    extension: ".safetensors",
    suffix: "-timm",
    write: (of, path) => {
      const description = beside(path, ".timm.json");
      const weights = encodeSafetensors(timmState(of), { format: "pt" });
      writeAtomic(path, weights);
      writeJson(description, timmDescription(of), { hash: false });
      return [path, description];
    },
  },
  pytorch: {
    extension: ".py",
    suffix: "",
    write: (of, path) => {
      const weights = beside(path, "-pytorch.safetensors");
      writeAtomic(weights, encodeSafetensors(pytorchState(of), { format: "pt" }));
      writeAtomic(path, Buffer.from(pytorchModule(of, basename(weights))));
      return [path, weights];
    },
  },
  safetensors: {
    extension: ".safetensors",
    suffix: "-teacher",
    write: ({ network, architecture, preprocessing, classes, dataset, measured, history, remarks }, path) => {
      const validation = measured.find(({ split }) => split === "validation");
      const known = history ?? {
        epochs: [],
        accuracy: validation?.accuracy,
        validationImages: validation?.images ?? 0,
        imagesPerSecond: 0,
      };
      const about = { architecture, preprocessing, classes, dataset, history: known, ...(remarks && { remarks }) };
      new Teacher(network, about).save(path);
      return [path];
    },
  },
  card: {
    extension: ".html",
    suffix: "",
    write: async (of, path) => {
      writeAtomic(path, Buffer.from(await networkCard(of)));
      return [path];
    },
  },
  page: {
    extension: ".html",
    suffix: "-page",
    write: async (of, path) => {
      writeAtomic(path, Buffer.from(await networkPage(of)));
      return [path];
    },
  },
};

/**
 * Writes a network for others to run: "onnx" (onnxruntime and all that reads ONNX), "layers-model" (a folder for
 * TensorFlow.js), "timm" (weights under timm's names, and what its builder is told, as JSON beside), "pytorch" (a Python module
 * that needs PyTorch only, its weights beside), "safetensors" (weights and record in one file, which `lab.teacher` reads),
 * "card" (a page of HTML about it) or "page" (a page of HTML in which it classifies the reader's pictures).
 * @param path Where to; the network's name in the working folder unless given.
 * @param about What is known beside the network: how it was found, further accuracies.
 * @returns The paths written, the one asked for first.
 * @throws ConfigError for an unknown form or option, or a path that would overwrite a found network's weights.
 * @throws SpaceError for a network that the form cannot say.
 */
export async function exportNetwork(
  source: ExportSource,
  format: ExportFormat,
  path?: string,
  options: ExportOptions = {},
  about: ExportFacts = {},
): Promise<string[]> {
  if (!isExportSource(source)) {
    throw new ConfigError("export: it must be a teacher, or a network that retrain or loadFound gave", {});
  }
  checkOptions("export", { format }, { format: rule.oneOf(...EXPORT_FORMATS) });
  checkOptions("export", options, RULES);
  if (options.preprocessing !== undefined && format !== "onnx") {
    throw new ConfigError(`export: preprocessing is of "onnx", and "${format}" always says it beside; leave it out`);
  }
  const { extension, suffix, write } = WRITERS[format];
  const of = asExportable(source, about);
  const to = path ?? `${of.architecture.name.replace(/[^A-Za-z0-9_]+/g, "_")}${suffix}${extension}`;
  checkPath(to, extension);
  return await write(of, to, options);
}

/** @throws ConfigError where the file would be called otherwise, or would take the place of another's weights. */
function checkPath(path: string, extension: string): void {
  if (typeof path !== "string" || path === "")
    throw new ConfigError(`export: the path must be text, got ${shown(path)}`);
  if (extension !== "" && extname(path) !== extension) {
    throw new ConfigError(`export: the path must end with ${extension}, got ${JSON.stringify(path)}`, { path });
  }
  const record = beside(path, ".json");
  if (extension !== ".safetensors" || !existsSync(record)) return;
  if (readFileSync(record, "utf8").includes(JSON.stringify(basename(path)))) {
    throw new ConfigError(`export: ${path} holds the weights of ${record}, which would be lost; choose another name`, {
      path,
    });
  }
}

function beside(path: string, ending: string): string {
  return join(dirname(path), basename(path, extname(path)) + ending);
}
