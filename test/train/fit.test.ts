import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { Progress, Rng, TrainingError } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { Module, saveState, sgd } from "../../src/nn";
import {
  type KeptState,
  mixedLoss,
  type StateStore,
  type TrainingPlan,
  fit as trained,
  trainingState,
} from "../../src/train";

/** Two numbers, each drawn towards a target. */
class Pair extends Module {
  readonly a = this.parameter("a", tf.tensor1d([0]));
  readonly b = this.parameter("b", tf.tensor1d([0]));
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return x;
  }
}

const towards = (value: tf.Variable, target: number) =>
  tf.sum(tf.square(tf.sub(value, target))).asScalar() as tf.Scalar;

function memory(): StateStore<number> & { state?: KeptState<number> } {
  return {
    place: "memory",
    kind: trainingState(z.number()),
    read() {
      return this.state;
    },
    write(state) {
      this.state = state;
    },
  };
}

function plan(pair: Pair, changes: Partial<TrainingPlan<number>> = {}): TrainingPlan<number> {
  return {
    task: "fit a pair",
    epochs: 3,
    steps: 4,
    modules: { pair },
    optimizers: {
      first: { optimizer: sgd(), schedule: () => 0.05, moves: (name) => name === "a" },
      second: { optimizer: sgd({ momentum: 0 }), schedule: (step) => 0.1 / (step + 1), moves: (name) => name === "b" },
    },
    advice: "Lower the learning rate",
    progress: () => new Progress({}, "fit a pair", 12, "batches"),
    epoch(epoch) {
      const rng = new Rng(3).fork(`epoch${epoch}`);
      return {
        step: () => {
          const target = rng.uniform();
          return {
            passes: [
              { parameters: pair.parameters(), loss: () => towards(pair.a, target) },
              { parameters: pair.parameters(), loss: () => towards(pair.b, -target) },
            ],
            tensors: [],
          };
        },
        record: ({ loss }) => loss,
      };
    },
    ...changes,
  };
}

const values = (pair: Pair) => [...saveState(pair)].map(([name, { data }]) => [name, ...data]);

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

test("two optimizers each move their own parameters, by schedules of their own that a pause does not restart", async () => {
  const [whole, resumed] = [new Pair(), new Pair()];
  const history = await trained(plan(whole));
  expect(whole.a.dataSync()[0]).toBeGreaterThan(0.1);
  expect(whole.b.dataSync()[0]).toBeLessThan(-0.1);
  const states = memory();
  // The second schedule falls with every step: begun again, it would move b further.
  await trained(plan(resumed, { epochs: 2, states }));
  expect([...states.state!.tensors.keys()]).toEqual(["pair.a", "pair.b", "first.velocity:a"]);
  const other = new Pair();
  expect(await trained(plan(other, { states }))).toEqual(history);
  expect(values(other)).toEqual(values(whole));
});

/** Draws again what the steps before drew, and sums up what it drew. */
function summing(pair: Pair): Pick<TrainingPlan<number>, "epoch"> {
  return {
    epoch(epoch) {
      const rng = new Rng(3).fork(`epoch${epoch}`);
      let drawn = 0;
      return {
        step: () => {
          const target = rng.uniform();
          drawn += target;
          return { passes: [{ parameters: pair.parameters(), loss: () => towards(pair.a, target) }], tensors: [] };
        },
        sums: () => ({ drawn }),
        resume: (steps, sums) => {
          for (let i = 0; i < steps; i++) rng.uniform();
          drawn = sums.drawn;
        },
        record: ({ loss, learningRate }) => loss + 10 * drawn + 100 * learningRate,
      };
    },
  };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

test("from any step's state a training goes on to the bytes of one that was never stopped", async () => {
  vi.stubEnv("BLOCKWISE_STATE_SECONDS", "0");
  const whole = new Pair();
  const written: KeptState<number>[] = [];
  const states = { ...memory(), write: (state: KeptState<number>) => void written.push(state) };
  const history = await trained(plan(whole, { ...summing(whole), states }));
  expect(written.map(({ history: { length }, within }) => 4 * length + (within?.steps ?? 0))).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
  ]);
  for (const state of written) {
    const other = new Pair();
    const from: number[] = [];
    const progress = (done: number) => {
      from.push(done);
      return new Progress({}, "fit a pair", 12, "batches", done);
    };
    const again = await trained(
      plan(other, { ...summing(other), states: Object.assign(memory(), { state }), progress }),
    );
    expect(again).toEqual(history);
    expect(values(other)).toEqual(values(whole));
    expect(from).toEqual([4 * state.history.length + (state.within?.steps ?? 0)]);
  }
});

test("a training that is stopped keeps the step that it is at", async () => {
  const stop = new AbortController();
  const states = memory();
  const pair = new Pair();
  const onProgress = ({ done }: { done: number }) => {
    if (done === 6) stop.abort();
  };
  const progress = () => new Progress({ signal: stop.signal, onProgress }, "fit a pair", 12, "batches");
  await expect(trained(plan(pair, { ...summing(pair), states, progress }))).rejects.toThrow(/stopped at 6/);
  expect(states.state).toMatchObject({ history: [expect.any(Number)], within: { steps: 2 } });
});

test("fewer epochs than a state has begun are not what it holds", async () => {
  vi.stubEnv("BLOCKWISE_STATE_SECONDS", "0");
  const pair = new Pair();
  const states = memory();
  const write = states.write.bind(states);
  states.write = (state) => {
    if (state.history.length < 2 || state.within?.steps === 1) write(state);
  };
  await trained(plan(pair, { ...summing(pair), states }));
  const shorter = trained(plan(new Pair(), { states, epochs: 2 }));
  await expect(shorter).rejects.toThrow(/must be that after epoch 2, and is of a training that went 1 step beyond/);
});

test("a parameter that is not finite is in no state", async () => {
  vi.stubEnv("BLOCKWISE_STATE_SECONDS", "0");
  const pair = new Pair();
  const states = memory();
  const broken = plan(pair, {
    ...summing(pair),
    states,
    optimizers: { only: { optimizer: sgd(), schedule: (step) => (step < 2 ? 0.05 : Number.POSITIVE_INFINITY) } },
  });
  await expect(trained(broken)).rejects.toThrow(
    /got NaN in epoch 1, step 3 .* the state after step 2 is kept in memory/,
  );
  expect(states.state?.within?.steps).toBe(2);
});

test("the time between states is a number of seconds", async () => {
  vi.stubEnv("BLOCKWISE_STATE_SECONDS", "often");
  await expect(trained(plan(new Pair()))).rejects.toThrow(/BLOCKWISE_STATE_SECONDS must be the seconds .* got "often"/);
});

test("a state of another training is refused", async () => {
  const states = memory();
  await trained(plan(new Pair(), { states, fingerprint: "one" }));
  await expect(trained(plan(new Pair(), { states, fingerprint: "other" }))).rejects.toThrow(
    /the state in memory must belong to this training \(other\), got one/,
  );
});

test("nothing moves by a loss that is not finite, and the place in the larger work is told", async () => {
  const pair = new Pair();
  const failed = trained(
    plan(pair, {
      part: { block: 2, cell: 1 },
      epoch: () => ({
        step: () => ({
          passes: [
            { parameters: pair.parameters(), loss: () => tf.scalar(Number.NaN).mul(tf.sum(pair.a)) as tf.Scalar },
          ],
          tensors: [],
        }),
        record: ({ loss }) => loss,
      }),
    }),
  );
  await expect(failed).rejects.toThrow(TrainingError);
  await expect(failed).rejects.toThrow(
    "fit a pair: the loss must stay finite, got NaN in block 2, cell 1, epoch 1, step 1 (step 1 in all) at learning rate 0.0500; no checkpoint was asked for. Lower the learning rate",
  );
  expect(values(pair)).toEqual([
    ["a", 0],
    ["b", 0],
  ]);
});

test("a loss of parts is their sum by shares, gradients too", () => {
  tf.tidy(() => {
    const x = tf.scalar(2);
    const mixed = (x: tf.Tensor) =>
      mixedLoss([
        { loss: tf.square(x) as tf.Scalar, share: 0.25 },
        { loss: tf.mul(x, 3) as tf.Scalar, share: 0.75 },
      ]);
    expect(mixed(x).dataSync()[0]).toBeCloseTo(0.25 * 4 + 0.75 * 6, 5);
    expect(tf.grad(mixed)(x).dataSync()[0]).toBeCloseTo(0.25 * 4 + 0.75 * 3, 5);
  });
});
