import { formatCount } from "../core";
import { type StoredTensor, saveState, toPyTorch } from "../nn";
import type { Exportable } from "./exportable";
import { PYTORCH_MODULES } from "./pytorch-modules";

/** PyTorch's words for the last part of our names; the rest of a name is the module's. */
const LEAVES: Readonly<Record<string, string>> = {
  kernel: "weight",
  gamma: "weight",
  beta: "bias",
  runningMean: "running_mean",
  runningVariance: "running_var",
};

/** A network's weights as the module of {@link pytorchModule} names them, in PyTorch's layout. */
export function pytorchState({ network }: Pick<Exportable, "network">): Map<string, StoredTensor> {
  return new Map(
    [...saveState(network)].map(([own, tensor]) => {
      const parts = own.split(".");
      const leaf = parts.pop()!;
      return [[...parts, LEAVES[leaf] ?? leaf].join("."), toPyTorch(tensor, own, 2)];
    }),
  );
}

/**
 * A Python file that has the network as a `torch.nn.Module`, and needs nothing but PyTorch and its weights.
 * @param weights Name of the safetensors file beside it.
 */
export function pytorchModule({ architecture, cost, classes, preprocessing }: Exportable, weights: string): string {
  const { name, input } = architecture;
  const title = `${name}: ${formatCount(cost.macs)} multiply-adds, ${formatCount(cost.params)} parameters, ${classes.length} classes.`;
  const values: Readonly<Record<string, string>> = {
    architecture: pythonText(JSON.stringify(architecture)),
    classes: pythonText(JSON.stringify(classes)),
    mean: JSON.stringify(preprocessing.mean),
    std: JSON.stringify(preprocessing.std),
    weights: pythonText(weights),
    shape: `[batch, ${input.height}, ${input.width}, ${input.channels}]`,
  };
  const module = PYTORCH_MODULES.replace(/<<(\w+)>>/g, (_, key: string) => values[key]);
  return `# ${title.replace(/[\r\n]+/g, " ")}\n${module}`;
}

/** A text literal of Python: JSON's escapes are its escapes, too. */
function pythonText(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
