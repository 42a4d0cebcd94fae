import { Rng } from "../src/core";
import { networkCost } from "../src/cost";
import { Network } from "../src/nn";
import { type Architecture, architecturePreset } from "../src/space";
import type { Task } from "./contest";
import * as ops from "./ops";
import { asTraining, type StepShape } from "./step";
import { mbconvTraining, networkInference, networkTraining } from "./training";
import * as work from "./work";

/** What a row counts towards: the geometric mean is that of `mbconv` alone. */
export type RowGroup = "mbconv" | "mbconv-variant" | "network" | "inference" | "op";

/** A row of the engine's benchmark, before it is measured. */
export interface Row {
  name: string;
  group: RowGroup;
  /** Made when its turn comes: some hold 100 MB. */
  task: () => Task;
  work: work.Work;
  /** Of a turn, beside the time budget. */
  steps: number;
}

/** Where MBConvs live: the quickstart's net, the early and the late layers of a mobile net. */
const SIZES = [
  { batch: 64, size: 28, channels: 16 },
  { batch: 32, size: 56, channels: 24 },
  { batch: 64, size: 14, channels: 112 },
];
const KERNELS = [3, 5, 7];
const STEPS = 4;
/** Of operations that take less than some ms. */
const MANY_STEPS = 200;

function mbconvRow(group: RowGroup, shape: Partial<StepShape>): Row {
  const full: StepShape = {
    ...SIZES[0],
    kernel: 5,
    expansion: 6,
    stride: 1,
    se: false,
    momentum: 0,
    inputGradient: true,
    ...shape,
  };
  const { batch, size, channels, kernel, stride, se } = full;
  const variant = `${stride === 2 ? ", stride 2" : ""}${se ? ", squeeze-excite" : ""}`;
  const training = asTraining(full);
  return {
    name: `MBConv ${size}x${size}x${channels} k${kernel} batch ${batch}${variant}`,
    group,
    task: () => mbconvTraining(training),
    work: work.mbconvWork(training),
    steps: STEPS,
  };
}

function parameterShapes(architecture: Architecture): number[][] {
  const network = new Network(architecture, new Rng(1));
  const shapes = [...network.parameters().values()].map(({ shape }) => shape);
  network.dispose();
  return shapes;
}

function op(name: string, task: () => Task, counted: work.Work): Row {
  return { name, group: "op", task, work: counted, steps: MANY_STEPS };
}

/** All rows, in the order in which they are measured. */
export function engineRows(): Row[] {
  const wide = architecturePreset("nas-bench-macro/11111111");
  const thin = architecturePreset("efficientnet-b0@28px");
  const shapes = parameterShapes(wide);
  const { params } = networkCost(wide);
  const inference = (architecture: Architecture, batch: number): Row => ({
    name: `inference ${architecture.name} batch ${batch}`,
    group: "inference",
    task: () => networkInference(architecture, batch),
    work: work.inferenceWork(architecture, batch),
    steps: 20,
  });
  return [
    ...SIZES.flatMap((place) => KERNELS.map((kernel) => mbconvRow("mbconv", { ...place, kernel }))),
    {
      name: `training ${wide.name} batch 100`,
      group: "network",
      task: () => networkTraining(wide, 100),
      work: work.networkTrainingWork(wide, 100),
      steps: STEPS,
    },
    inference(wide, 100),
    inference(thin, 64),
    mbconvRow("mbconv-variant", { se: true }),
    mbconvRow("mbconv-variant", { stride: 2 }),
    op(
      "squeeze-excite 28x28x96 batch 64",
      () => ops.squeezeExcite(64, 28, 96, 4),
      work.squeezeExciteWork(64, 28, 96, 4),
    ),
    ...[3, 5].map((k) =>
      op(
        `depthwise 28x28x96 k${k} stride 2 batch 64`,
        () => ops.depthwise(64, 28, 96, k, 2),
        work.depthwiseWork(64, 28, 96, k, 2),
      ),
    ),
    op("softmax cross-entropy 256x1000", () => ops.crossEntropy(256, 1000), work.crossEntropyWork(256, 1000)),
    op(
      `Adam, ${shapes.length} tensors of ${wide.name}`,
      () => ops.update("adam", shapes),
      work.updateWork("adam", params),
    ),
    op(
      `SGD with momentum, ${shapes.length} tensors of ${wide.name}`,
      () => ops.update("sgd", shapes),
      work.updateWork("sgd", params),
    ),
  ];
}
