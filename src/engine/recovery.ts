import type * as tf from "@tensorflow/tfjs";

type Engine = ReturnType<typeof tf.engine>;

/** Where a notebook's kernel finds what mends the engine after it terminated a cell's JavaScript. */
export const AFTER_TERMINATION: unique symbol = Symbol.for("blockwise.after-termination");

/**
 * Closes what a terminated cell left open in TensorFlow.js: termination runs no `finally`, so that `tf.tidy` and
 * `tf.grads` would stay open for good: later tensors would belong to a dead scope and later gradients find no tape.
 */
export function closeOpenScopes(engine: Engine): void {
  const { state } = engine;
  while (state.scopeStack.length > 0) engine.endScope();
  state.kernelDepth = 0;
  state.gradientDepth = 0;
  state.activeTape = [];
  state.numDataMovesStack = [];
}

/** Lets the kernel mend the engine; at the import of TensorFlow.js. */
export function offerRecovery(engine: () => Engine): void {
  const value = (): void => closeOpenScopes(engine());
  Object.defineProperty(globalThis, AFTER_TERMINATION, { value, configurable: true });
}
