/** Operations and networks of cells, values and gradients, against PyTorch in float64 written after the papers' code. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../../src/core";
import { engine, tf } from "../../../src/engine";
import { buildPrimitives, CellNetwork, type ParameterContainer } from "../../../src/nn";
import {
  CELL_OPS,
  type CellArchitecture,
  type CellOp,
  type CellStyle,
  cellOpPrimitives,
  cellPreset,
  DARTS_STYLE,
  dartsNetwork,
  nasBench201,
  PNAS_STYLE,
  POCKETNET_STYLE,
  PUBLISHED_CELLS,
  parseCell,
  pnasNet5Cell,
  pnasNetwork,
  pocketNet,
} from "../../../src/space";
import { describeNative, expectClose, type Result, randomTensor } from "../../engine/native";
import { describePyTorch, Reference } from "../../engine/reference";

const plain = (t: tf.Tensor): Result => ({ shape: t.shape, dtype: t.dtype, values: [...t.dataSync()] });
const sent = (t: tf.Tensor) => ({ shape: t.shape, data: t.dataSync() as Float32Array });
const EPSILON = 1e-3;

/** The weights in the order of the reference; the classifier's, which our networks list first, last. */
function weightsOf(module: ParameterContainer): [string, tf.Variable][] {
  const all = [...module.parameters()];
  const isClassifier = ([name]: [string, tf.Variable]) => name.startsWith("classifier");
  const ordered = [...all.filter((entry) => !isClassifier(entry)), ...all.filter(isClassifier)];
  // Kernels as drawn; scales, shifts and slopes away from 1, 0 and 0.25, or an exchange of two would not be seen.
  for (const [i, [name, variable]] of ordered.entries()) {
    if (name.endsWith("kernel")) continue;
    variable.assign(tf.tidy(() => variable.add(randomTensor(i + 50, variable.shape).mul(0.2))));
  }
  return ordered;
}

/** Compares a function of an input and weights with the reference, to values and to gradients of all. */
async function expectLikePyTorch(
  reference: Reference,
  question: { op: string; options: Record<string, unknown> },
  module: ParameterContainer,
  forward: (x: tf.Tensor4D) => tf.Tensor,
  shape: number[],
  tolerance: number,
): Promise<void> {
  const weights = weightsOf(module);
  const x = randomTensor(7, shape) as tf.Tensor4D;
  const y = forward(x);
  const pull = randomTensor(8, y.shape);
  const named = Object.fromEntries(weights.map(([, variable], i) => [`w${i}`, sent(variable)]));
  const names = ["x", ...Object.keys(named)];
  const answer = await reference.ask({
    ...question,
    inputs: { x: sent(x), ...named, pull: sent(pull) },
    gradients: names,
  });
  const loss = () => forward(x).mul(pull).sum() as tf.Scalar;
  const variables = weights.map(([, variable]) => variable);
  const grads = variables.length === 0 ? {} : tf.variableGrads(loss, variables).grads;
  const toInput = tf.grad((input: tf.Tensor) =>
    forward(input as tf.Tensor4D)
      .mul(pull)
      .sum(),
  )(x);
  const wanted = [answer.outputs.y, ...names.map((name) => answer.gradients[name])].map(({ shape, data }) => ({
    shape,
    dtype: "float32",
    values: [...data],
  }));
  const found = [y, toInput, ...weights.map(([, variable]) => grads[variable.name] ?? tf.zerosLike(variable))];
  expectClose(found.map(plain), wanted as Result[], tolerance);
}

const STYLES: Readonly<Record<string, CellStyle>> = {
  darts: DARTS_STYLE,
  pnas: PNAS_STYLE,
  pocketnet: POCKETNET_STYLE,
};

for (const name of ["native", "cpu"] as const) {
  const here = name === "native" ? describeNative : describe;
  here(`cells on ${name}`, () => {
    beforeAll(() => {
      engine.use(name, { threads: 1 });
    });

    describePyTorch("are PyTorch's in values and gradients", () => {
      const reference = new Reference();
      afterAll(() => reference.close());

      // The styles change activations, 1x1 convolutions, what follows a pooling, and strided skips.
      // The pure-JS engine is slow: there one kernel of each kind.
      const ops = name === "native" ? CELL_OPS : CELL_OPS.filter((op) => !/[157]$/.test(op));
      const cases = ops.flatMap((op): [CellOp, 1 | 2, string][] =>
        ([1, 2] as const).flatMap((stride) =>
          (op === "skip" || /^(avg|sep)3/.test(op) ? Object.keys(STYLES) : ["darts"]).map(
            (style): [CellOp, 1 | 2, string] => [op, stride, style],
          ),
        ),
      );
      it.each(cases)("%s with stride %i as %s has it", async (op, stride, styleName) => {
        const style = STYLES[styleName];
        for (const [height, width] of [
          [8, 6],
          [7, 5],
        ]) {
          const input = { height, width, channels: 4 };
          const primitives = cellOpPrimitives(op, { inChannels: 4, outChannels: 4, stride, style });
          const module = buildPrimitives(primitives, { input, batchNormEpsilon: EPSILON, rng: new Rng(1) });
          await expectLikePyTorch(
            reference,
            { op: "cellOperation", options: { op, stride, width: 4, style, epsilon: EPSILON } },
            module,
            (x) =>
              op === "none"
                ? module.forward(x, { mode: "batch" }).add(x.sum().mul(0))
                : module.forward(x, { mode: "batch" }),
            [2, height, width, 4],
            2e-4,
          );
          module.dispose();
        }
      });

      it.each(["max3", "avg5", "skip"] as const)("%s of a map of another width", async (op) => {
        const input = { height: 8, width: 6, channels: 4 };
        for (const stride of [1, 2] as const) {
          const primitives = cellOpPrimitives(op, { inChannels: 4, outChannels: 5, stride, style: DARTS_STYLE });
          const module = buildPrimitives(primitives, { input, batchNormEpsilon: EPSILON, rng: new Rng(1) });
          await expectLikePyTorch(
            reference,
            { op: "cellOperation", options: { op, stride, width: 5, style: DARTS_STYLE, epsilon: EPSILON } },
            module,
            (x) => module.forward(x, { mode: "batch" }),
            [2, 8, 6, 4],
            2e-4,
          );
          module.dispose();
        }
      });

      if (name === "native") {
        const scale = { input: { height: 16, width: 12, channels: 3 }, classes: 5 };
        const networks: Record<string, () => CellArchitecture> = {
          ...Object.fromEntries(
            ["darts-v2", "eeea-c", "eeea-ea", "econas-g1"].map((of) => [
              of,
              () => dartsNetwork(of, PUBLISHED_CELLS[of](), { channels: 4, layers: 3, ...scale }),
            ]),
          ),
          "pnasnet-5": () => pnasNetwork("pnasnet-5", pnasNet5Cell(), { channels: 4, repeats: 1, ...scale }),
          "pnasnet-5 as for ImageNet": () => ({
            ...cellPreset("pnasnet-5-mobile"),
            input: { height: 33, width: 31, channels: 3 },
            stem: { kernelSize: 3, stride: 2, channels: 4, padding: "valid" },
            stack: [2, 3, 4].map((width, i) => ({ kind: "cell", cell: "cell", width, stride: i < 2 ? 2 : 1 }) as const),
            dropout: 0,
          }),
          pocketnet: () => pocketNet("pocketnet", { channels: 4, layers: 3, embedding: 6, input: scale.input }),
          "nas-bench-201": () => nasBench201("334133", { channels: 4, cells: 1, ...scale }),
          "every node of one operation": () =>
            dartsNetwork(
              "odd",
              { normal: parseCell("sep3(0) | asym3(1)+none(2)+skip(0)"), reduction: parseCell("conv3(0)+asym5(1)") },
              { channels: 4, layers: 3, ...scale },
            ),
        };
        it.each(Object.entries(networks))("the network %s", async (_, build) => {
          const architecture = build();
          const network = new CellNetwork(architecture, new Rng(2));
          const { height, width, channels } = architecture.input;
          await expectLikePyTorch(
            reference,
            { op: "cellNetwork", options: { architecture } },
            network,
            (x) => network.logits(x, { mode: "batch" }),
            [8, height, width, channels],
            2e-3,
          );
          network.dispose();
        });
      }
    });

    it("give the same answers with statistics of the batch and with running ones that are the batch's", () => {
      const network = new CellNetwork(
        dartsNetwork("eeea-c", PUBLISHED_CELLS["eeea-c"](), { channels: 4, layers: 3, classes: 5 }),
        new Rng(3),
      );
      const x = randomTensor(1, [4, 8, 8, 3]) as tf.Tensor4D;
      const [a, b] = (["recalibrate", "eval"] as const).map((mode) => plain(network.logits(x, { mode })));
      expectClose([b], [a], 1e-3);
      expect(tf.memory().numTensors).toBeGreaterThan(0);
      network.dispose();
    });
  });
}
