import { inspect } from "node:util";

/** As much of a tensor as its words take. */
interface Tensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly isDisposed: boolean;
  readonly name?: string;
  readonly trainable?: boolean;
  toString(): string;
}

/**
 * Lets tensors of this class print their shape, dtype and values, wherever Node.js prints a value (the last of a cell, `console.log`,
 * inside objects and lists) instead of how the engine keeps them.
 */
export function showByValue(prototype: object): void {
  Object.defineProperty(prototype, inspect.custom, {
    value(this: Tensor, depth: number) {
      return tensorWords(this, depth >= 0);
    },
    configurable: true,
  });
}

function tensorWords(tensor: Tensor, withValues: boolean): string {
  const isVariable = tensor.trainable !== undefined;
  const kind = isVariable ? `Variable ${tensor.name}` : "Tensor";
  const head = `${kind} [${tensor.shape.join(", ")}] ${tensor.dtype}`;
  if (tensor.isDisposed) return `${head} (disposed)`;
  if (!withValues) return head;
  // tfjs writes the values below the word "Tensor", and cuts long rows in the middle.
  const values = tensor.toString().replace(/^Tensor\n/, "");
  return values.includes("\n") ? `${head}\n${values}` : `${head} ${values.trim()}`;
}
