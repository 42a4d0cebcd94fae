import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { CheckpointError, readFailure, writeAtomic } from "../core";

const SCHEME = "file://";

/**
 * Registers `file://` with `tf.io`, as tfjs-node does: `model.save("file://folder")` writes `model.json` and `weights.bin` into
 * the folder, `tf.loadLayersModel("file://folder/model.json")` and `tf.loadGraphModel` read such files, weights in any number
 * of shards. Paths are relative to the working directory or absolute, with or without a URL's `%20`.
 */
export function registerModelFiles(): void {
  // Where tfjs-node is loaded it has registered its own; two would be refused.
  const ours = (url: string | string[]): url is string =>
    typeof url === "string" && url.startsWith(SCHEME) && !tf.findBackendFactory("tensorflow");
  // tfjs takes null for "not mine", though its types do not say so.
  const none = null as unknown as tf.io.IOHandler;
  tf.io.registerSaveRouter((url) => (ours(url) ? { save: (artifacts) => save(pathOf(url), artifacts) } : none));
  tf.io.registerLoadRouter((url) => (ours(url) ? { load: () => load(pathOf(url)) } : none));
}

/** The path in a URL: as it is where that exists, else with its `%20` and the like read. */
function pathOf(url: string): string {
  const path = url.slice(SCHEME.length);
  if (existsSync(path)) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function save(folder: string, artifacts: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> {
  const { weightData = new ArrayBuffer(0), weightSpecs = [], modelTopology } = artifacts;
  if (folder === "") throw new CheckpointError('model.save: a folder must follow "file://", got none');
  if (!modelTopology || modelTopology instanceof ArrayBuffer) {
    throw new CheckpointError(`model.save: ${folder}: only a model with a topology in JSON can be written to files`);
  }
  const parts = Array.isArray(weightData) ? weightData : [weightData];
  const { format, generatedBy, convertedBy, trainingConfig, userDefinedMetadata, signature } = artifacts;
  const model = {
    ...{ modelTopology, format, generatedBy, convertedBy, trainingConfig, userDefinedMetadata, signature },
    weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }],
  };
  try {
    writeAtomic(join(folder, "weights.bin"), Buffer.concat(parts.map((part) => new Uint8Array(part))));
    writeAtomic(join(folder, "model.json"), JSON.stringify(model));
  } catch (cause) {
    throw new CheckpointError(
      `model.save: ${folder} must be a folder that can be written (${(cause as Error).message})`,
      { folder },
      { cause },
    );
  }
  return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
}

function load(path: string): Promise<tf.io.ModelArtifacts> {
  const fail = (what: string, cause?: unknown) => new CheckpointError(`tf.io: ${path}: ${what}`, { path }, { cause });
  let json: tf.io.ModelJSON;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const isFolder = existsSync(path) && statSync(path).isDirectory();
    const mend = isFolder
      ? `; name the file: ${SCHEME}${join(path, "model.json")}`
      : '; write it by model.save("file://...")';
    const why = cause instanceof SyntaxError ? `it is no JSON (${cause.message})` : readFailure(cause);
    throw fail(`must be a model.json, and ${why}${mend}`, cause);
  }
  if (!json?.modelTopology || !Array.isArray(json.weightsManifest)) {
    throw fail("must be a model.json with modelTopology and weightsManifest, and has not both");
  }
  const group = json.weightsManifest.findIndex((one) => !isWeightsGroup(one));
  if (group >= 0) {
    const got = JSON.stringify(json.weightsManifest[group]).slice(0, 60);
    throw fail(
      `its weightsManifest must be a list of { paths: ["..."], weights: [{ name, shape, dtype }] }, and has ${got} at place ${group}; write it anew by model.save("file://...")`,
    );
  }
  return tf.io.getModelArtifactsForJSON(json, async (groups) => {
    const specs = groups.flatMap(({ weights }) => weights);
    const shards = groups
      .flatMap(({ paths }) => paths)
      .map((name) => {
        const shard = join(dirname(path), name);
        try {
          return readFileSync(existsSync(shard) ? shard : join(dirname(path), decodeURIComponent(name)));
        } catch (cause) {
          throw fail(`its weights must lie in ${shard}, which ${readFailure(cause)}`, cause);
        }
      });
    const bytes = Buffer.concat(shards);
    const wanted = specs.every(hasKnownSize) ? specs.reduce((sum, spec) => sum + bytesOf(spec), 0) : bytes.length;
    if (bytes.length !== wanted) {
      throw fail(
        `its weights must have ${wanted} bytes, and ${shards.length} files have ${bytes.length}: they are damaged`,
      );
    }
    return [specs, Uint8Array.from(bytes).buffer];
  });
}

function isWeightsGroup(value: unknown): boolean {
  const { paths, weights } = (value ?? {}) as Partial<tf.io.WeightsManifestConfig[number]>;
  return (
    Array.isArray(paths) &&
    paths.every((path: unknown) => typeof path === "string") &&
    Array.isArray(weights) &&
    weights.every((entry) => {
      const { name, shape, dtype } = (entry ?? {}) as Partial<tf.io.WeightsManifestEntry>;
      return (
        typeof name === "string" &&
        typeof dtype === "string" &&
        Array.isArray(shape) &&
        shape.every((side: unknown) => Number.isSafeInteger(side) && Number(side) >= 0)
      );
    })
  );
}

/** Texts have bytes of their own, quantised weights fewer. */
function hasKnownSize({ dtype, quantization }: tf.io.WeightsManifestEntry): boolean {
  return quantization === undefined && dtype !== "string";
}

function bytesOf({ shape, dtype }: tf.io.WeightsManifestEntry): number {
  const size = dtype === "bool" ? 1 : dtype === "complex64" ? 8 : 4;
  return tf.util.sizeFromShape(shape) * size;
}
