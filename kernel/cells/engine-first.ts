import Module, { createRequire } from "node:module";

type Load = (request: string, parent: NodeModule | undefined, isMain: boolean) => unknown;

/**
 * Loads the package whose names every cell has before a cell loads TensorFlow.js by its own name: the package brings the
 * engine that computes under every copy of TensorFlow.js in the process.
 * @param main entry of the package.
 */
export function bringEngine(main: string): void {
  const internals = Module as unknown as { _load: Load };
  const load = internals._load;
  let brought = false;
  internals._load = function (this: unknown, request, parent, isMain) {
    if (!brought && request.startsWith("@tensorflow/tfjs")) {
      brought = true;
      createRequire(main)(main);
    }
    return load.call(this, request, parent, isMain);
  };
}
