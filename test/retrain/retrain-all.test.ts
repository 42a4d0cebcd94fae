import { beforeAll, describe, expect, it } from "vitest";
import { InterruptedError, TrainingError } from "../../src/core";
import { type Dataset, syntheticDataset } from "../../src/data";
import { engine } from "../../src/engine";
import { saveState } from "../../src/nn";
import { type Retrained, retrain, retrainAll, type Training } from "../../src/retrain";
import { type Architecture, conv, mbconv, placeOp } from "../../src/space";
import { type Teacher, trainTeacher } from "../../src/teacher";

const [op] = mbconv([3], [2]);
const network = (width: number): Architecture => ({
  name: `tiny-${width}`,
  input: { height: 8, width: 8, channels: 1 },
  stem: [conv(3, width, { stride: 2 })],
  blocks: [[placeOp(op, width)]],
  head: [conv(1, 2 * width)],
  classes: 4,
  padding: "same",
  batchNormEpsilon: 1e-3,
});
const bytes = ({ network, history, training, dataset }: Retrained) => ({
  state: [...saveState(network)].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString("base64")]),
  accuracies: history.epochs.map(({ loss, validationAccuracy }) => [loss, validationAccuracy]),
  training,
  dataset,
});

describe("retrainAll", () => {
  let dataset: Dataset;
  let teacher: Teacher;
  let trainings: Training[];
  beforeAll(async () => {
    engine.use("auto", { threads: 2 });
    dataset = syntheticDataset({ count: 96, validationCount: 32, testCount: 32 });
    teacher = await trainTeacher(network(8), dataset, { seed: 1, epochs: 1, batchSize: 16 });
    const options = { seed: 1, epochs: 1, batchSize: 16 };
    const warm = await retrain(network(6), dataset, options);
    trainings = [
      { architecture: network(4), options },
      { architecture: network(8), options: { ...options, seed: 2, optimizer: "adam", learningRate: 0.01 } },
      { architecture: network(4), options: { ...options, distillation: { teacher, weight: 0.5, temperature: 2 } } },
      {
        architecture: network(6),
        options: { ...options, warmStart: { name: "warm", tensors: saveState(warm.network) } },
      },
    ];
    return () => {
      teacher.dispose();
      warm.dispose();
    };
  });

  it("gives the bytes of one after another, in the order given, with distillation and warm starts, too", async () => {
    const tasks = new Set<string>();
    const order: number[] = [];
    const onTrained = (index: number) => void order.push(index);
    const context = { onProgress: ({ task }: { task: string }) => void tasks.add(task) };
    const bySide = await retrainAll(trainings, dataset, { workers: 2, onTrained }, context);
    expect([...order].sort()).toEqual([0, 1, 2, 3]);
    expect(tasks).toEqual(new Set(["retrain tiny-4", "retrain tiny-8", "retrain tiny-6"]));
    const oneByOne = await retrainAll(trainings, dataset, { workers: 0 });
    expect(engine.info().threads).toBe(2);
    engine.use("auto", { threads: 1 });
    const alone: Retrained[] = [];
    for (const { architecture, options } of trainings) alone.push(await retrain(architecture, dataset, options));
    engine.use("auto", { threads: 2 });
    expect(oneByOne.map(bytes)).toEqual(alone.map(bytes));
    expect(bySide.map(bytes)).toEqual(alone.map(bytes));
    expect(await bySide[0].evaluate(dataset.test)).toEqual(await alone[0].evaluate(dataset.test));
    for (const one of [...bySide, ...oneByOne, ...alone]) one.dispose();
  });

  it("stops all where one fails or the signal says so, and keeps what is complete", async () => {
    const diverging = { ...trainings[0], options: { ...trainings[0].options, epochs: 3, learningRate: 1e30 } };
    await expect(retrainAll([trainings[1], diverging], dataset, { workers: 2 })).rejects.toThrow(TrainingError);
    const stop = new AbortController();
    const long = { ...trainings[0], options: { ...trainings[0].options, epochs: 10_000 } };
    const kept: number[] = [];
    const onTrained = (index: number) => {
      kept.push(index);
      stop.abort();
    };
    const stopped = retrainAll([trainings[1], long], dataset, { workers: 2, onTrained }, { signal: stop.signal });
    await expect(stopped).rejects.toThrow(InterruptedError);
    expect(kept).toEqual([0]);
  });
});
