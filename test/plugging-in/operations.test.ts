import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeReport } from "../../src/cli/report/write-report";
import { Rng } from "../../src/core";
import { DISPLAY } from "../../src/display-protocol";
import { buildCell } from "../../src/distill";
import { engine, tf } from "../../src/engine";
import { lab } from "../../src/lab";
import { rateBlock, rateNaive } from "../../src/rate";
import { loadFound, toLayersModel } from "../../src/retrain";
import { conv, identity, mbconv, residual } from "../../src/space";
import { RunDirectory } from "../../src/study";
import { parseExperiment, runExperiment } from "../../src/systems/dna";
import { distillFeatures, ratingFeatures } from "../../src/teacher";
import { tinyData, tinyTeacher } from "../lab/tiny";
import { tinyExperiment } from "../systems/tiny-experiment";

const folder = mkdtempSync(join(tmpdir(), "plugging-in-"));
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function tinyBlocks() {
  const data = await tinyData();
  const teacher = await lab.teacher(tinyTeacher, { data, epochs: 1, batchSize: 16 });
  return teacher.split([1]);
}

describe("plain and residual convolutions as candidate operations, by block", () => {
  it("are distilled, rated, searched, drawn, retrained, saved and exported as MBConvs are", async () => {
    const blocks = await tinyBlocks();
    // docs: operations
    const supernet = lab.supernet(blocks, {
      ops: [
        [...mbconv([3, 5], [2]), ...conv([3])], // of block 1
        [...conv([3]), ...residual([3]), ...residual([3], { design: "bottleneck", activation: "relu" })], // of block 2
      ],
      cells: [[{ depth: 1, width: 8 }], [{ depth: 2, width: 8 }]],
    });
    // end
    expect([supernet.candidates, supernet.networks]).toEqual([3n + 9n, 27n]);
    const [first, second] = supernet.table().rows.map((row) => [row[4], row[5]]);
    expect(first).toEqual(["e2k3 e2k5 conv3", 3]);
    expect(second[0]).toMatch(/^conv3 res3 bottleneck3/);
    expect(second[1]).toBe(9);

    await supernet.distill({ epochs: 4, batchSize: 16 });
    for (const cells of supernet.history()) {
      for (const epochs of cells) expect(epochs[3].loss).toBeLessThan(epochs[0].loss);
    }

    const ratings = await supernet.rate();
    expect(String((await ratings[DISPLAY]())["text/plain"])).toMatch(
      / (conv3|res3|bottleneck3\S*) (conv3|res3|bottleneck3\S*) /,
    );
    const all = ratings.diverse(27, {}, { difference: 0 });
    const withResidual = [...(await all)].find(({ network }) => network.choice[1].path.includes(1))!;
    expect(withResidual.describe()[1]).toMatch(/^block 2: .*res3.*, 8 channels$/);
    expect(JSON.stringify(withResidual.diagram().figure)).toContain("residual block");

    const student = await withResidual.retrain({ epochs: 1, batchSize: 16, warmStart: true });
    expect(String((await student[DISPLAY]())["text/plain"])).toMatch(/block 2: .*res3/);
    const front = await lab.pareto([student]);
    expect(front.networks[0].macs).toBe(withResidual.macs);

    const path = student.save(join(folder, "found.json"));
    const { network, record } = loadFound(path);
    expect(record.timm).toBeUndefined();
    const model = toLayersModel(network);
    tf.tidy(() => {
      const images = tf.randomNormal<tf.Rank.R4>([4, 8, 8, 1], 0, 1, "float32", 3);
      const own = tf.softmax(network.logits(images, { mode: "eval" })).dataSync();
      const exported = (model.predict(images) as tf.Tensor).dataSync();
      own.forEach((value, i) => {
        expect(exported[i]).toBeCloseTo(value, 5);
      });
    });
    model.dispose();
    network.dispose();
  });

  it("are rated with shared features as one by one", async () => {
    const blocks = await tinyBlocks();
    const ops = [...conv([3]), ...residual([3]), identity];
    const supernet = lab.supernet(blocks, { ops, cells: [[{ depth: 1, width: 8 }], [{ depth: 2, width: 16 }]] });
    await supernet.distill({ epochs: 1, batchSize: 16 });
    const { teacher, data } = blocks;
    const features = {
      calibration: await distillFeatures(teacher, blocks.blocks, data.dataset, { seed: 1 }),
      rating: await ratingFeatures(teacher, blocks.blocks, data.dataset, { seed: 1 }),
    };
    for (const { supernet: block } of supernet.distilled) {
      const shared = await rateBlock(block, features, {}, { workers: 0 });
      const alone = rateNaive(block, features);
      expect(shared.map(({ path }) => path)).toEqual(alone.map(({ path }) => path));
      shared.forEach(({ score }, i) => {
        expect(score).toBeCloseTo(alone[i].score, 5);
      });
    }
  });

  it("have gradients that agree with finite differences", () => {
    const input = { height: 4, width: 4, channels: 2 };
    const space = {
      name: "gradients",
      input,
      stem: [conv(3, 4)],
      blocks: [
        {
          stride: 1,
          input,
          output: { ...input, channels: 4 },
          ops: [...conv([3]), ...residual([3]), ...residual([3], { design: "bottleneck" })],
          cells: [{ depth: 2, width: 4 }],
        },
      ],
      head: [],
      classes: 2,
      padding: "symmetric" as const,
      batchNormEpsilon: 1e-3,
    };
    const cell = buildCell(space, 0, 0, 5);
    const rng = new Rng(7);
    const draw = (size: number) => Float32Array.from({ length: size }, () => rng.normal());
    const x = tf.tensor4d(draw(3 * 32), [3, 4, 4, 2]);
    const target = tf.tensor4d(draw(3 * 64), [3, 4, 4, 4]);
    for (const path of [
      [0, 1],
      [1, 2],
      [2, 0],
    ]) {
      const loss = () =>
        tf.tidy(() => tf.mean(tf.square(tf.sub(cell.forward(x, { mode: "train", path }), target))).asScalar());
      const parameters = [...cell.pathParameters(path)];
      const { grads } = tf.variableGrads(
        loss,
        parameters.map(([, variable]) => variable),
      );
      for (const [name, variable] of parameters) {
        const values = Float32Array.from(variable.dataSync());
        const direction = draw(values.length);
        const step = 1e-2 / Math.sqrt(values.length);
        const at = (sign: number) => {
          tf.tidy(() => {
            variable.assign(
              tf.tensor(
                values.map((value, i) => value + sign * step * direction[i]),
                variable.shape,
              ),
            );
          });
          return tf.tidy(() => loss().dataSync()[0]);
        };
        const numeric = (at(1) - at(-1)) / (2 * step);
        tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
        const gradient = grads[variable.name].dataSync();
        const analytic = direction.reduce((sum, value, i) => sum + value * gradient[i], 0);
        expect(Math.abs(numeric - analytic), `${path} ${name}`).toBeLessThan(0.02 + 0.05 * Math.abs(analytic));
      }
    }
    cell.dispose();
  });
});

describe("a run with operations by block", () => {
  const experiment = {
    ...tinyExperiment,
    space: {
      ops: [[{ kind: "residual", kernelSize: 3 }], [...mbconv([3], [2]), { kind: "conv", kernelSize: 3 }]],
      cells: [[{ depth: 1, width: 4 }], [{ depth: 2, width: 8 }]],
    },
    distill: { images: 64, epochs: 1, batchSize: 16 },
    search: { macs: "60k" },
    retrain: { epochs: 1, batchSize: 64, alongFront: 1, random: 1, tolerance: 0.9, warmStart: true },
  };

  it("finds networks of them and has its report", async () => {
    const config = parseExperiment({ ...experiment, name: "by-block" });
    const run = RunDirectory.open(join(folder, "by-block"), config);
    const front = await runExperiment(config, run);
    run.close();
    expect(front.measured.length).toBeGreaterThan(1);
    const [file] = readdirSync(join(folder, "by-block", "found")).filter((name) => name.endsWith(".json"));
    const { network, record } = loadFound(join(folder, "by-block", "found", file));
    expect(record.architecture.blocks[0]).toEqual([expect.objectContaining({ kind: "residual", outChannels: 4 })]);
    network.dispose();
    const page = readFileSync(await writeReport(join(folder, "by-block")), "utf8");
    expect(page).toMatch(/5 candidates stand for 4 networks/);
  });

  it("with lists for other than its blocks stops before the teacher is trained", async () => {
    const ops = [conv([3]), conv([3]), conv([3])];
    const config = parseExperiment({ ...experiment, name: "too-many", space: { ops } });
    const run = RunDirectory.open(join(folder, "too-many"), config);
    await expect(runExperiment(config, run)).rejects.toThrow(/one list for each of the 2 blocks, got 3/);
    run.close();
    expect(existsSync(join(folder, "too-many", "teacher.safetensors"))).toBe(false);
  });
});

describe("operations in an experiment's JSON", () => {
  it("one list, or one a block; an MBConv needs no kind", () => {
    // docs: operations-json
    const experiment = {
      space: {
        ops: [
          [
            { kernelSize: 3, expansion: 6 },
            { kind: "conv", kernelSize: 3 },
          ],
          [{ kind: "residual", kernelSize: 3 }],
        ],
      },
    };
    // end
    const { ops } = parseExperiment(experiment).space;
    expect(ops).toEqual([[...mbconv([3], [6]), ...conv([3])], residual([3])]);
    const single = { space: { ops: [...mbconv([3], [6]), ...residual([5]), identity] } };
    expect(parseExperiment(single).space.ops).toEqual(single.space.ops);
  });

  it("names the place of a mistake", () => {
    const reading =
      (ops: unknown, others = {}) =>
      () =>
        parseExperiment({ space: { ops, ...others } });
    expect(reading([[{ kind: "conf", kernelSize: 3 }]])).toThrow(
      /must be an operation of kind.*\n.*at space\.ops\[0\]\[0\]/,
    );
    expect(reading([{ kind: "conv", kernelsize: 3 }])).toThrow(/kernelsize/);
    expect(reading("mbconv")).toThrow(/must be a list/);
    expect(reading([{ kind: "conv", kernelSize: 3 }], { kernels: [3] })).toThrow(/leave those out/);
  });
});
