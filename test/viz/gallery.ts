import type { Figure } from "../../src/viz";
import {
  architectureDiagram,
  cellGraph,
  costBars,
  costValueFigure,
  type DiagramLayer,
  featureMontage,
  lossCurves,
  parallelView,
  paretoFigure,
  rankScatter,
  ratedFrontFigure,
  ratingMap,
  sampleImages,
  studyBars,
  studyCurve,
  studyDots,
  studyPanels,
  supernetSketch,
  trainingCurve,
} from "../../src/viz";

/** A small picture of every kind that the library draws, from fixed records: for snapshots, and to look at. */
export const GALLERY: Readonly<Record<string, () => Figure>> = {
  "architecture-diagram": () => architectureDiagram({ title: "Found network: 2.24M MACs", layers: layers() }),
  "cell-graph": () =>
    cellGraph({
      title: "A pair of cells",
      cells: [
        {
          name: "normal",
          inputs: 2,
          nodes: [
            [
              { kind: "sep", label: "sep3", words: "separable convolution 3x3, applied twice", from: 0 },
              { kind: "skip", label: "skip", words: "skip connection", from: 1 },
            ],
            [
              { kind: "dil", label: "dil5", words: "separable convolution 5x5, dilated by 2", from: 2 },
              { kind: "avg", label: "avg3", words: "average pooling 3x3", from: 2 },
            ],
          ],
          joined: [3],
        },
        {
          name: "reduction",
          inputs: 1,
          nodes: [[{ kind: "none", label: "none", words: "zeros", from: 0 }]],
          joined: [1],
        },
      ],
    }),
  "cost-bars": () => costBars([network("teacher", 2), network("student", 1)]),
  "cost-value": () =>
    costValueFigure({
      title: "What is found, and for how much?",
      subtitle: "bars: 95 %",
      points: [
        { name: "one", cost: 2, value: 3, costInterval: [-1, 5], interval: [2, 4] },
        { name: "another", cost: 20, value: 1 },
      ],
      reference: { name: "random search", costs: [1, 10, 100], values: [6, 2, 0.5] },
      level: { name: "largest", value: 1.5 },
      xTitle: "cost (trainings)",
      yTitle: "regret (points)",
    }),
  "feature-montage": () => featureMontage({ title: "Feature maps of block 2", pairs: pairs(), channels: [0, 2] }),
  "loss-curves": () =>
    lossCurves(
      [0, 1].flatMap((block) =>
        [0, 1].map((cell) => ({ block, cell, at: [0, 1, 2], losses: [1, 0.5 - 0.1 * cell, 0.2 + 0.1 * block] })),
      ),
    ),
  "parallel-view": () => parallelView(measured()),
  "pareto-front": () =>
    paretoFigure({
      measured: measured(),
      predictedFront: [
        { macs: 2e6, score: 1.2 },
        { macs: 4e6, score: 1, architecture: ["block 1: k3e6, 16 channels"] },
      ],
      predicted: [{ label: "found 1", kind: "found", macs: 2e6, score: 1.2 }],
      budgets: [{ macs: 3e6 }, { macs: 5e6, label: "phone" }],
      published: [{ dataset: "fashion-mnist", label: "net-x", macs: 6e6, accuracy: 0.915, source: "table 2" }],
    }),
  "rank-scatter": () =>
    rankScatter({
      points: [0, 1, 2, 3, 4, 5].map((i) => ({
        key: `net ${i}`,
        predicted: 1 + 0.1 * i,
        actual: 91 - 0.3 * i + 0.4 * (i % 2),
        macs: 1e6 * (6 - i),
      })),
      tau: 0.6,
      interval: [0.2, 0.87],
    }),
  "rated-front": () => {
    const front = [1, 2, 3, 4].map((i) => ({ macs: i * 1e6, params: i * 1e5, score: 1.5 - 0.1 * i }));
    return ratedFrontFigure({ front, best: front[2], budgetMacs: 3.5e6 });
  },
  "rating-map": () =>
    ratingMap(
      [0, 1].map((block) => ({
        block,
        ops: ["k3e6", "k5e6", "k7e3"],
        candidates: [0, 1, 2].flatMap((a) =>
          [0, 1, 2].map((b) => ({ cell: 0, path: [a, b], score: 0.3 + 0.02 * a - 0.01 * b * (block + 1) })),
        ),
      })),
    ),
  "sample-images": () =>
    sampleImages(
      {
        dataset: "stripes",
        classes: ["across", "down"],
        shape: { height: 8, width: 8, channels: 1 },
        images: Uint8Array.from({ length: 4 * 64 }, (_, i) => (i < 128 ? (i >> 3) % 2 : i % 2) * 200),
        labels: [0, 0, 1, 1],
      },
      2,
    ),
  "study-bars": () =>
    studyBars({
      title: "Agreement of rating and accuracy",
      groups: ["MACs alone", "rating", "rating, fair paths"],
      series: [
        {
          name: "seed 1",
          y: [0.41, 0.55, 0.6],
          interval: [
            [0.3, 0.5],
            [0.45, 0.63],
            [0.5, 0.7],
          ],
        },
        { name: "seed 2", y: [0.4, 0.5, null], interval: [[0.3, 0.52], [0.4, 0.6], null] },
      ],
      yTitle: "Kendall's \u03c4",
    }),
  "study-curve": () =>
    studyCurve({
      title: "Rank correlation by epochs of distillation",
      series: [
        {
          name: "uniform paths",
          x: [1, 5, 10, 20],
          y: [0.2, 0.35, 0.45, 0.5],
          interval: [
            [0.1, 0.3],
            [0.25, 0.45],
            [0.38, 0.53],
            [0.44, 0.57],
          ],
        },
        { name: "fair paths", x: [1, 5, 10, 20], y: [0.22, 0.4, 0.5, 0.56] },
      ],
      xTitle: "distillation (epochs)",
      yTitle: "Kendall's \u03c4",
    }),
  "study-panels": () =>
    studyPanels({
      title: "True test accuracy of the choice",
      series: ["evolution", "TPE", "SMBO"].map((name, i) => ({
        name,
        x: [1, 5, 10, 20],
        y: [60, 80 + i, 84 + i, 85 + i],
        interval: [
          [50, 70],
          [76, 83],
          [82, 86],
          [84, 88],
        ],
      })),
      reference: { name: "random", x: [1, 5, 10, 20], y: [60, 79, 82, 83] },
      level: { name: "best possible", y: 89.2 },
      xTitle: "networks trained",
      yTitle: "test accuracy (%)",
      xType: "log",
      yFrom: 5,
      columns: 2,
    }),
  "study-dots": () =>
    studyDots({
      title: "How far from the best possible?",
      rows: ["random search", "regularised evolution"],
      series: ["over evaluations", "over cost"],
      panels: [
        {
          name: "CIFAR-10",
          values: [
            [1.2, 0.8],
            [1.1, null],
          ],
          intervals: [
            [
              [1.1, 1.3],
              [0.7, 0.9],
            ],
            [[1, 1.2], null],
          ],
        },
        {
          name: "CIFAR-100",
          values: [
            [3, 2],
            [2.5, 2.2],
          ],
        },
      ],
      xTitle: "short of the best (points)",
    }),
  "supernet-sketch": () => {
    const cells = [
      { depth: 2, width: 16, candidates: 36 },
      { depth: 3, width: 16, candidates: 216 },
    ];
    return supernetSketch([0, 1].map((block) => ({ block, cells, input: "28x28x1", output: "14x14x16" })));
  },
  "training-curve": () =>
    trainingCurve("teacher", [
      { epoch: 1, loss: 0.9, trainAccuracy: 0.7, validationAccuracy: 0.72 },
      { epoch: 2, loss: 0.5, trainAccuracy: 0.8, validationAccuracy: 0.81 },
      { epoch: 3, loss: 0.4, trainAccuracy: 0.85, validationAccuracy: 0.83 },
    ]),
};

function measured() {
  const dataset = "fashion-mnist";
  return [
    {
      dataset,
      label: "teacher",
      kind: "teacher" as const,
      macs: 9e6,
      params: 8e5,
      activationBytes: 9e5,
      accuracy: 0.921,
    },
    {
      dataset,
      label: "found 1",
      kind: "found" as const,
      ...{ macs: 2e6, params: 1.1e5, activationBytes: 3e5, accuracy: 0.9, score: 1.2, latencyMs: 1.31 },
      architecture: ["block 1: k3e6 k5e3, 16 channels", "block 2: k7e6, 24 channels"],
    },
    {
      dataset,
      label: "found 2",
      kind: "found" as const,
      macs: 4e6,
      params: 3e5,
      accuracy: 0.912,
      score: 1,
      latencyMs: 2.2,
    },
    {
      dataset,
      label: "random 1",
      kind: "random" as const,
      macs: 4.1e6,
      params: 4e5,
      accuracy: 0.905,
      score: 1.4,
      latencyMs: 2.4,
    },
  ];
}

function network(label: string, factor: number) {
  const parts = ["block 1", "block 2", "head"].map((name, i) => ({
    name,
    macs: factor * (i + 1) * 1e6,
    params: factor * (3 - i) * 1e4,
  }));
  return { label, parts };
}

/** Stem, two blocks of three MBConvs, head. */
function layers(): DiagramLayer[] {
  const conv = (part: string, channels: number, side: number): DiagramLayer => ({
    ...{ part, kind: "conv", label: "k3", kernelSize: 3, stride: 1, description: `cn_k3_s1_c${channels}` },
    ...{ input: `${side}x${side}x1`, output: `${side}x${side}x${channels}`, channels },
    ...{ macs: 113e3, params: 176, activationBytes: 50_176 },
  });
  const block = (number: number, channels: number) =>
    [3, 5, 7].map((kernelSize, i): DiagramLayer => {
      const [expansion, stride] = [i === 1 ? 3 : 6, i === 0 ? 2 : 1];
      const side = 28 >> (number + (i === 0 ? -1 : 0));
      return {
        ...{ part: `block ${number}`, kind: "mbconv", kernelSize, stride, channels },
        label: `k${kernelSize} e${expansion}${stride > 1 ? " s2" : ""}`,
        description: `ir_k${kernelSize}_s${stride}_e${expansion}_c${channels}_se0.25`,
        input: `${side}x${side}x16`,
        output: `${side / stride}x${side / stride}x${channels}`,
        ...{ macs: 1e5 * kernelSize * expansion, params: 1e3 * kernelSize * channels, activationBytes: 4e4 },
      };
    });
  const head = { macs: 1280, params: 1290, activationBytes: 40, stride: 1, part: "head" };
  return [
    conv("stem", 16, 28),
    ...block(1, 24),
    ...block(2, 40),
    { ...conv("head", 128, 7), label: "k1", kernelSize: 1 },
    {
      ...head,
      kind: "pool",
      label: "avg",
      description: "average pool",
      input: "7x7x128",
      output: "1x1x128",
      channels: 128,
    },
    { ...head, kind: "linear", label: "fc", description: "linear", input: "1x1x128", output: "1x1x10", channels: 10 },
  ];
}

function pairs() {
  return ["shirt", "bag"].map((label, image) => {
    const map = (wave: number) => ({
      ...{ height: 6, width: 6, channels: 3 },
      values: Float32Array.from({ length: 108 }, (_, i) => Math.sin(i * (0.2 + 0.1 * image)) + wave * Math.cos(i)),
    });
    return { label, teacher: map(0), student: map(0.3) };
  });
}
