import type * as tf from "@tensorflow/tfjs";
import { hasKernel, runKernel } from "./fused/dispatch";

export const STORED_ROWS = "StoredRows";

/** Rows of a table of numbers. */
export interface StoredRowsAttributes {
  /** Of the whole table, row after row; may be shared with other threads. */
  readonly bytes: Uint8Array;
  readonly dtype: "float16" | "float32";
  readonly rows: readonly number[];
  /** Of what comes out: `[rows, ...]`. */
  readonly shape: readonly number[];
}

/**
 * The given rows as a float32 tensor, without a copy on their way to the engine.
 * @returns Undefined where the engine has no kernel for it.
 * @throws EngineError when a row is beyond the table.
 */
export function storedRows(attributes: StoredRowsAttributes): tf.Tensor | undefined {
  return hasKernel(STORED_ROWS) ? runKernel(STORED_ROWS, {}, { ...attributes }) : undefined;
}
