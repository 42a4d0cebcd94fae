import { describe, expect, it } from "vitest";
import { tf } from "../../src/engine";
import { AFTER_TERMINATION } from "../../src/engine/recovery";

describe("the engine after a cell was terminated", () => {
  it("has no scope open, keeps what is older, and gives gradients again", async () => {
    await tf.setBackend("cpu");
    const kept = tf.variable(tf.tensor1d([2, 3]));
    const before = tf.memory().numTensors;
    // As termination leaves it: no `finally` ran.
    const engine = tf.engine();
    engine.startScope();
    engine.startScope("gradients");
    engine.state.kernelDepth = 1;
    kept.square();
    expect(() => tf.variableGrads(() => kept.square().sum())).toThrow(/Cannot find a connection/);

    (globalThis as unknown as { [AFTER_TERMINATION]: () => void })[AFTER_TERMINATION]();
    expect(engine.state.scopeStack).toHaveLength(0);
    expect(tf.memory().numTensors).toBe(before);
    const { grads } = tf.variableGrads(() => kept.square().sum());
    expect(await grads[kept.name]!.array()).toEqual([4, 6]);
  });
});
