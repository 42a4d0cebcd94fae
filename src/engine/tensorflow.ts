import { createRequire } from "node:module";
import { EngineError } from "../core";
import { tf } from "./tf";

export type TensorflowPackage = "@tensorflow/tfjs-node-gpu" | "@tensorflow/tfjs-node";

/** The parts of tfjs-node's backend that tell where it computes. */
interface NodeBackend extends tf.KernelBackend {
  isUsingGpuDevice?: boolean;
}

/**
 * Loads one of TensorFlow's own packages, if it is installed and truly registers the backend `tensorflow`.
 *
 * An override of danfojs-node may have put plain tfjs under the name `@tensorflow/tfjs-node`: it is told by its
 * manifest before it is loaded (loading it would register every cpu kernel a second time), and by its deed after.
 *
 * @param from a file from which the package is looked up
 * @returns whether it computes on a GPU
 * @throws EngineError when it is absent, an impostor, or fails to load.
 */
export function loadTensorflow(name: TensorflowPackage, from = __filename): { gpu: boolean; version: string } {
  const require = createRequire(from);
  let manifest: { name: string; version: string };
  try {
    manifest = require(`${name}/package.json`) as typeof manifest;
  } catch {
    throw new EngineError(`engine: ${name} is not installed`);
  }
  if (manifest.name !== name) {
    throw new EngineError(`engine: what is installed as ${name} is ${manifest.name}, which has no TensorFlow in it`);
  }
  try {
    require(name);
  } catch (cause) {
    throw new EngineError(`engine: ${name} fails to load (${(cause as Error).message.split("\n")[0]})`, {}, { cause });
  }
  if (!tf.findBackendFactory("tensorflow")) {
    throw new EngineError(`engine: ${name} is installed but registers no backend named tensorflow`);
  }
  const backend = tf.findBackend("tensorflow") as NodeBackend | null;
  if (!backend) throw new EngineError(`engine: the backend of ${name} cannot start`);
  return { gpu: backend.isUsingGpuDevice === true, version: manifest.version };
}
