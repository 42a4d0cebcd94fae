import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { engine, tf } from "../../src/engine";
import type { NativeBackend } from "../../src/engine/native/backend";
import { describeNative } from "./native";

const LENGTH = 1 << 19; // 2 MiB of float32

describeNative("how often values are copied", () => {
  const addon = () => (tf.backend() as NativeBackend).addon;
  let before: { created: number; read: number; readAside: number };
  /** Bytes copied since the test began. */
  const copied = () => {
    const now = addon().copied();
    return {
      created: now.created - before.created,
      read: now.read - before.read,
      readAside: now.readAside - before.readAside,
    };
  };

  beforeAll(() => {
    engine.use("native");
  });
  beforeEach(() => {
    before = addon().copied();
  });

  test("a large Float32Array once, and none of its own kind on the way to it", () => {
    const values = Float32Array.from({ length: LENGTH }, (_, i) => i);
    const create = vi.spyOn(addon(), "create");
    const from = vi.spyOn(Float32Array, "from");
    const x = tf.tensor(values, [LENGTH / 8, 8]);
    // The array itself reaches the addon, which copies it into its own memory.
    expect(create.mock.calls.map(([array]) => array === values)).toEqual([true]);
    expect(from).not.toHaveBeenCalled();
    create.mockRestore();
    from.mockRestore();
    expect(copied()).toEqual({ created: values.byteLength, read: 0, readAside: 0 });
    values.fill(0);
    expect(x.slice([LENGTH / 8 - 1, 7], [1, 1]).dataSync()[0]).toBe(LENGTH - 1);
    x.dispose();
  });

  test("a reshape and a clone not at all", () => {
    const x = tf.zeros([LENGTH]);
    const start = copied();
    tf.dispose([x.reshape([2, -1]), x.clone(), x]);
    expect(copied()).toEqual(start);
  });

  test("dataSync() once, on this thread", () => {
    const x = tf.fill([LENGTH], 3);
    expect(x.dataSync()[LENGTH - 1]).toBe(3);
    expect(copied()).toEqual({ created: 0, read: 4 * LENGTH, readAside: 0 });
    x.dispose();
  });

  test("data() once, on another thread, while the event loop goes on", async () => {
    const x = tf.fill([LENGTH], 3);
    let turns = 0;
    const reading = x.data().then((values) => ({ values, turns }));
    await new Promise<void>((resolve) => {
      const turn = () => {
        turns++;
        if (turns < 3) setImmediate(turn);
        else resolve();
      };
      setImmediate(turn);
    });
    const { values } = await reading;
    expect(turns).toBe(3);
    expect(values.length).toBe(LENGTH);
    expect(values[LENGTH - 1]).toBe(3);
    expect(copied()).toEqual({ created: 0, read: 0, readAside: 4 * LENGTH });
    x.dispose();
  });
});
