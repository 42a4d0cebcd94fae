import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CheckpointError,
  ConfigError,
  InterruptedError,
  type ProgressEvent,
  Rng,
  SpaceError,
  TrainingError,
} from "../../src/core";
import {
  BlockSupernet,
  DISTILL_DEFAULTS,
  type DistillOptions,
  distillAhead,
  distillBlock,
  fileCheckpoints,
  memoryCheckpoints,
  resolveDistillOptions,
} from "../../src/distill";
import { engine, tf } from "../../src/engine";
import { lossAndGradients, saveState, writeSafetensors } from "../../src/nn";
import { blockSpace, conv, identity, mbconv } from "../../src/space";
import { breaking, sameShapeFeatures, tinyFeatures, tinySpace } from "./tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const space = tinySpace();
const options: Partial<DistillOptions> = { seed: 3, epochs: 3, batchSize: 8, learningRate: 0.02 };
const folder = () => mkdtempSync(join(tmpdir(), "distill-"));

const bytes = (supernet: BlockSupernet) =>
  supernet.cells.map((cell) =>
    [...saveState(cell)].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString("hex")]),
  );

describe("block supernet", () => {
  test("cells have their own depth and width and share no weights; only block 0 has a stem", () => {
    const first = new BlockSupernet(space, 0, 1);
    const second = new BlockSupernet(space, 1, 1);
    expect(first.cells.map(({ depth }) => depth)).toEqual([1, 2]);
    expect(first.cells.every(({ stem }) => stem !== undefined)).toBe(true);
    expect(second.cells.every(({ stem }) => stem === undefined)).toBe(true);
    const variables = first.cells.flatMap((cell) => [...cell.parameters().values()]);
    expect(new Set(variables).size).toBe(variables.length);
    for (const supernet of [first, second]) supernet.dispose();
  });

  test("every path maps the teacher's previous features to the shape of its next ones", () => {
    for (const block of [0, 1]) {
      const supernet = new BlockSupernet(space, block, 1);
      const { input, output } = space.blocks[block];
      for (const cell of supernet.cells) {
        for (const op of [0, 1]) {
          const path = new Array<number>(cell.depth).fill(op);
          const shape = tf.tidy(() => {
            const x = tf.zeros([2, input.height, input.width, input.channels]) as tf.Tensor4D;
            return cell.forward(x, { mode: "batch", path }).shape;
          });
          expect(shape).toEqual([2, output.height, output.width, output.channels]);
        }
      }
      supernet.dispose();
    }
  });

  test("initial weights depend on seed, block and cell alone", () => {
    const [a, b, c] = [1, 1, 2].map((seed) => new BlockSupernet(space, 1, seed));
    expect(bytes(a)).toEqual(bytes(b));
    expect(bytes(a)).not.toEqual(bytes(c));
    for (const supernet of [a, b, c]) supernet.dispose();
  });
});

test("leaving out the input's gradient changes no other", () => {
  const supernet = new BlockSupernet(space, 1, 1);
  const op = supernet.cells[0].layers[0][0];
  const x = tinyFeatures(space, 8).batch(1, [0, 1, 2, 3, 4, 5, 6, 7]);
  const gradients = [true, false].map((inputGradient) => {
    const loss = () => tf.mean(tf.square(op.forward(x, { mode: "batch", inputGradient }))) as tf.Scalar;
    const { gradients } = lossAndGradients(loss, op.parameters());
    return [...gradients].map(([name, gradient]) => [name, [...gradient.dataSync()]]);
  });
  expect(gradients[1]).toEqual(gradients[0]);
  expect(gradients[0]).toHaveLength(op.parameters().size);
  supernet.dispose();
});

describe("distillBlock", () => {
  test.each(["uniform", "fair"] as const)(
    "%s sampling brings the features nearer to the teacher's",
    async (sampler) => {
      const epochs = sampler === "fair" ? 6 : 10;
      const { supernet, history } = await distillBlock(space, 1, tinyFeatures(space, 64), {
        ...options,
        epochs,
        sampler,
      });
      for (const cell of history) expect(cell[epochs - 1].loss).toBeLessThan(0.7 * cell[0].loss);
      supernet.dispose();
    },
  );

  test("only the sampled path's parameters move", async () => {
    const before = new BlockSupernet(space, 1, 3);
    // One batch an epoch, one epoch: a single update along a single path.
    const { supernet } = await distillBlock(space, 1, tinyFeatures(space, 8), { ...options, epochs: 1 });
    for (const [i, cell] of supernet.cells.entries()) {
      const start = saveState(before.cells[i]);
      const moved = [...saveState(cell)].filter(([name, { data }]) => start.get(name)?.data.join() !== data.join());
      // An adapter behind the cell moves with every path.
      const ops = new Set(moved.flatMap(([name]) => /layer\d+\.op\d+/.exec(name)?.[0] ?? []));
      expect(ops.size).toBe(cell.depth);
    }
    before.dispose();
    supernet.dispose();
  });

  test("a block of one layer trains although its identity has no parameters", async () => {
    const features = sameShapeFeatures(32);
    const single = blockSpace([{ input: features.shapes[0], output: features.shapes[1] }], {
      name: "one layer",
      ops: [identity, ...mbconv([3], [2])],
      cells: [[{ depth: 1, width: 4 }]],
      stem: [],
      head: [conv(1, 8)],
      classes: 4,
    });
    const { supernet, history } = await distillBlock(single, 0, features, { ...options, epochs: 6 });
    // The identity's error stays; the convolution's falls, and with it the mean over the paths drawn.
    expect(history[0][5].loss).toBeLessThan(history[0][0].loss);
    supernet.dispose();
  });

  test("the learning rate falls by the factor an epoch, or along a cosine", async () => {
    const features = tinyFeatures(space, 32);
    const rates = async (schedule: DistillOptions["schedule"]) => {
      const { supernet, history } = await distillBlock(space, 1, features, { ...options, schedule });
      supernet.dispose();
      return history[0].map(({ learningRate }) => learningRate);
    };
    const falling = [0.02, 0.02 * 0.9, 0.02 * 0.81];
    for (const [i, rate] of (await rates("exponential")).entries()) expect(rate).toBeCloseTo(falling[i], 12);
    // 12 steps in all; an epoch's last are steps 3, 7, 11.
    const curve = [3, 7, 11].map((step) => 0.01 * (1 + Math.cos((Math.PI * step) / 12)));
    for (const [i, rate] of (await rates("cosine")).entries()) expect(rate).toBeCloseTo(curve[i], 12);
  });

  test("a list gives each block its own learning rate", async () => {
    const features = tinyFeatures(space, 16);
    const { supernet, history } = await distillBlock(space, 1, features, {
      ...options,
      learningRate: [0.5, 0.25],
      schedule: "exponential",
    });
    expect(history[0][0].learningRate).toBe(0.25);
    supernet.dispose();
    await expect(distillBlock(space, 1, features, { ...options, learningRate: [0.5] })).rejects.toThrow(ConfigError);
  });

  test("no tensor is left behind", async () => {
    const features = tinyFeatures(space, 16);
    const checkpoints = memoryCheckpoints();
    const before = tf.memory().numTensors;
    (await distillBlock(space, 0, features, { ...options, sampler: "fair" }, { checkpoints })).supernet.dispose();
    expect(tf.memory().numTensors).toBe(before);
    await expect(distillBlock(space, 1, breaking(features, 2, 2), options)).rejects.toThrow(TrainingError);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("progress counts every batch of all cells and tells the loss", async () => {
    const events: ProgressEvent[] = [];
    const { supernet } = await distillBlock(space, 1, tinyFeatures(space, 20), options, {
      onProgress: (e) => events.push(e),
    });
    // 2 cells x 3 epochs x floor(20 / 8) batches
    expect(events).toHaveLength(12);
    expect(events.at(-1)).toMatchObject({ task: "distill block 2/2", done: 12, total: 12, unit: "batches" });
    expect(events.every(({ metrics }) => metrics.loss > 0)).toBe(true);
    supernet.dispose();
  });

  test("stopped between two batches and called again, it ends with the bytes of one never stopped", async () => {
    const features = tinyFeatures(space, 40);
    const whole = await distillBlock(space, 0, features, options);
    for (const checkpoints of [memoryCheckpoints(), fileCheckpoints(folder())]) {
      // Stopped in the first epoch of the first cell, in its last one, and in the second cell.
      for (const batches of [2, 12, 8]) {
        const stop = new AbortController();
        let seen = 0;
        const onProgress = () => {
          if (++seen === batches) stop.abort();
        };
        const stopped = distillBlock(space, 0, features, options, { signal: stop.signal, onProgress, checkpoints });
        await expect(stopped).rejects.toThrow(InterruptedError);
      }
      const resumed = await distillBlock(space, 0, features, options, { checkpoints });
      expect(bytes(resumed.supernet)).toEqual(bytes(whole.supernet));
      expect(resumed.history.map((cell) => cell.map(({ loss }) => loss))).toEqual(
        whole.history.map((cell) => cell.map(({ loss }) => loss)),
      );
      resumed.supernet.dispose();
    }
    whole.supernet.dispose();
  });

  test("complete blocks are only loaded, and more epochs go on where an exponential schedule ended", async () => {
    const features = tinyFeatures(space, 24);
    const checkpoints = memoryCheckpoints();
    const exponential = { ...options, schedule: "exponential" } as const;
    const short = await distillBlock(space, 1, features, { ...exponential, epochs: 2 }, { checkpoints });
    const long = await distillBlock(space, 1, features, { ...exponential, epochs: 3 }, { checkpoints });
    const fresh = await distillBlock(space, 1, features, { ...exponential, epochs: 3 });
    expect(bytes(long.supernet)).toEqual(bytes(fresh.supernet));
    const again = await distillBlock(space, 1, features, { ...exponential, epochs: 3 }, { checkpoints });
    expect(bytes(again.supernet)).toEqual(bytes(long.supernet));
    for (const { supernet } of [short, long, fresh, again]) supernet.dispose();
  });

  test("fewer epochs than are kept are distilled anew: a longer training never passes for a shorter one", async () => {
    const features = tinyFeatures(space, 24);
    const checkpoints = memoryCheckpoints();
    const exponential = { ...options, schedule: "exponential" } as const;
    const long = await distillBlock(space, 1, features, { ...exponential, epochs: 3 }, { checkpoints });
    const short = await distillBlock(space, 1, features, { ...exponential, epochs: 1 }, { checkpoints });
    const fresh = await distillBlock(space, 1, features, { ...exponential, epochs: 1 });
    expect(bytes(short.supernet)).toEqual(bytes(fresh.supernet));
    expect(short.history.every((epochs) => epochs.length === 1)).toBe(true);
    for (const { supernet } of [long, short, fresh]) supernet.dispose();
  });

  test("blocks may be done in any order", async () => {
    const features = tinyFeatures(space, 16);
    const run = async (order: readonly number[]) => {
      const result: unknown[] = [];
      for (const block of order) {
        const { supernet } = await distillBlock(space, block, features, options);
        result[block] = bytes(supernet);
        supernet.dispose();
      }
      return result;
    };
    expect(await run([1, 0])).toEqual(await run([0, 1]));
  });

  test("a loss that is not finite names block, cell and step, and keeps the last good state", async () => {
    const checkpoints = fileCheckpoints(folder());
    const features = tinyFeatures(space, 32);
    // 4 batches an epoch: broken in the third batch of the second epoch.
    const failed = distillBlock(space, 1, breaking(features, 2, 6), options, { checkpoints });
    await expect(failed).rejects.toThrow(TrainingError);
    await expect(failed).rejects.toThrow(/block 1, cell 0, epoch 2, step 3.*after epoch 1 is kept in .*block1-cell0/);
    const kept = checkpoints.read(1, 0);
    expect(kept?.history).toHaveLength(1);
    for (const [, { data }] of kept?.tensors ?? []) expect(data.every(Number.isFinite)).toBe(true);
    const resumed = await distillBlock(space, 1, features, options, { checkpoints });
    const whole = await distillBlock(space, 1, features, options);
    expect(bytes(resumed.supernet)).toEqual(bytes(whole.supernet));
    for (const { supernet } of [resumed, whole]) supernet.dispose();
  });

  test("a state of other options, features or space is refused", async () => {
    const directory = folder();
    const checkpoints = fileCheckpoints(directory);
    const features = tinyFeatures(space, 16);
    (await distillBlock(space, 1, features, options, { checkpoints })).supernet.dispose();
    expect(readdirSync(directory).sort()).toEqual(["block1-cell0.safetensors", "block1-cell1.safetensors"]);
    const other = [
      distillBlock(space, 1, features, { ...options, learningRate: 0.03 }, { checkpoints }),
      distillBlock(space, 1, tinyFeatures(space, 16, 2), options, { checkpoints }),
    ];
    for (const attempt of other) await expect(attempt).rejects.toThrow(CheckpointError);
  });

  test("a damaged state is put aside with a warning, and the cell is distilled anew to the same bytes", async () => {
    const directory = folder();
    const warnings: string[] = [];
    const checkpoints = fileCheckpoints(directory, { onWarning: (text) => warnings.push(text) });
    const features = tinyFeatures(space, 32);
    const { supernet: whole } = await distillBlock(space, 0, features, options, { checkpoints });
    const path = checkpoints.place(0, 1);
    const good = readFileSync(path);
    const weights = bytes(whole);
    whole.dispose();
    for (const at of [3, 60, good.length >> 1, good.length - 1]) {
      const bad = Buffer.from(good);
      bad[at] ^= 8;
      writeFileSync(path, bad);
      const { supernet } = await distillBlock(space, 0, features, options, { checkpoints });
      expect(bytes(supernet)).toEqual(weights);
      supernet.dispose();
      expect(warnings.pop()).toMatch(/block0-cell1\.safetensors.*kept as .*\.damaged, and the cell is distilled anew/);
      expect(readFileSync(`${path}.damaged`).equals(bad)).toBe(true);
    }
    expect(warnings).toEqual([]);
    writeSafetensors(path, new Map(), { format: "blockwise-cell-1", fingerprint: "x", history: "[null]" });
    expect(() => checkpoints.read(0, 1)).toThrow(/must be a cell's state .*history.*delete it/s);
  });

  test("features of other shapes are refused before any work", async () => {
    const features = tinyFeatures(space, 16);
    const wrong = { ...features, shapes: [...features.shapes].reverse() };
    await expect(distillBlock(space, 0, wrong, options)).rejects.toThrow(SpaceError);
  });

  test("options are checked and named", () => {
    expect(() => resolveDistillOptions({ epochs: 0 })).toThrow(/epochs must be a whole number from 1, got 0/);
    expect(() => resolveDistillOptions({ decay: 2 })).toThrow(/decay/);
    expect(() => resolveDistillOptions({ learningRate: [0.1, -1] })).toThrow(/learningRate/);
    expect(resolveDistillOptions({ epochs: undefined }).epochs).toBe(DISTILL_DEFAULTS.epochs);
  });
});

describe("distillBlock on worker threads", () => {
  const native = engine.use("auto", { threads: 1 }).backend === "native";
  const features = tinyFeatures(space, 40);

  test.runIf(native)(
    "any number of workers gives the bytes of none, and so does any number of engine threads",
    async () => {
      const alone = await distillBlock(space, 0, features, options, { workers: 0 });
      engine.setThreads(2);
      const threaded = await distillBlock(space, 0, features, options, { workers: 0 });
      expect(engine.info().threads).toBe(2);
      engine.setThreads(1);
      expect(bytes(threaded.supernet)).toEqual(bytes(alone.supernet));
      threaded.supernet.dispose();
      const events: ProgressEvent[] = [];
      const context = { workers: 2, onProgress: (event: ProgressEvent) => events.push(event) };
      const shared = await distillBlock(space, 0, features, options, context);
      expect(bytes(shared.supernet)).toEqual(bytes(alone.supernet));
      expect(events.at(-1)).toMatchObject({ done: 30, total: 30, unit: "batches" });
      shared.supernet.dispose();
      alone.supernet.dispose();
    },
  );

  test.runIf(native)("blocks trained together have the bytes of blocks trained one after another", async () => {
    const blocks = [...space.blocks.keys()];
    const checkpoints = memoryCheckpoints();
    const events: ProgressEvent[] = [];
    const onProgress = (event: ProgressEvent) => events.push(event);
    await distillAhead(space, blocks, features, options, { workers: 2, checkpoints, onProgress });
    const cells = space.blocks.reduce((sum, block) => sum + block.cells.length, 0);
    expect(events.at(-1)).toMatchObject({
      task: `distill ${blocks.length} blocks`,
      done: cells * 15,
      total: cells * 15,
    });
    for (const block of blocks) {
      const loaded = await distillBlock(space, block, features, options, { workers: 0, checkpoints });
      const alone = await distillBlock(space, block, features, options, { workers: 0 });
      expect(bytes(loaded.supernet)).toEqual(bytes(alone.supernet));
      for (const { supernet } of [loaded, alone]) supernet.dispose();
    }
  });

  test.runIf(native)("stopped and called again, it goes on from the last epochs", async () => {
    const whole = await distillBlock(space, 0, features, options, { workers: 0 });
    const checkpoints = memoryCheckpoints();
    const stop = new AbortController();
    let seen = 0;
    const onProgress = () => {
      if (++seen === 9) stop.abort();
    };
    const stopped = distillBlock(space, 0, features, options, {
      workers: 2,
      signal: stop.signal,
      onProgress,
      checkpoints,
    });
    await expect(stopped).rejects.toThrow(InterruptedError);
    const resumed = await distillBlock(space, 0, features, options, { workers: 1, checkpoints });
    expect(bytes(resumed.supernet)).toEqual(bytes(whole.supernet));
    for (const { supernet } of [whole, resumed]) supernet.dispose();
  });

  test.runIf(native)("stopped a dozen times at any batch of its threads, it ends with the same bytes", async () => {
    const whole = await distillBlock(space, 0, features, options, { workers: 0 });
    const rng = new Rng(13).fork("stops");
    const checkpoints = memoryCheckpoints();
    for (let i = 0; i < 12; i++) {
      const stop = new AbortController();
      let left = rng.int(20);
      const onProgress = () => {
        if (left-- === 0) stop.abort();
      };
      const context = { workers: 2, signal: stop.signal, onProgress, checkpoints };
      const stopped = await distillBlock(space, 0, features, options, context).catch((error) => error);
      // Either all was done before, or it says that it was stopped.
      if (stopped instanceof Error) expect(stopped).toBeInstanceOf(InterruptedError);
      else stopped.supernet.dispose();
    }
    const resumed = await distillBlock(space, 0, features, options, { workers: 2, checkpoints });
    expect(bytes(resumed.supernet)).toEqual(bytes(whole.supernet));
    for (const { supernet } of [whole, resumed]) supernet.dispose();
  });

  test.runIf(native)("errors come as they are thrown here", async () => {
    const broken = distillBlock(space, 1, breaking(features, 2, 0), options, { workers: 2 });
    await expect(broken).rejects.toThrow(TrainingError);
    await expect(broken).rejects.toThrow(/block 1, cell \d, epoch 1, step 1/);
    const checkpoints = memoryCheckpoints();
    (await distillBlock(space, 1, features, { ...options, epochs: 1 }, { checkpoints, workers: 0 })).supernet.dispose();
    const other = distillBlock(space, 1, features, { ...options, epochs: 2 }, { checkpoints, workers: 1 });
    await expect(other).rejects.toThrow(CheckpointError);
  });
});
