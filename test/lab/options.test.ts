import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ConfigError, DataError, Rng, SpaceError } from "../../src/core";
import { imageFolder, prepareDataset, syntheticDataset } from "../../src/data";
import { syntheticImages } from "../../src/data/synthetic";
import { DISPLAY } from "../../src/display-protocol";
import { engine } from "../../src/engine";
import { lab } from "../../src/lab";
import { adam, Network, sgd } from "../../src/nn";
import { predict, predictAll, retrain, saveFound } from "../../src/retrain";
import { blockSpace, conv, mbconv, residual } from "../../src/space";
import { splitArchitecture, Teacher, trainTeacher } from "../../src/teacher";
import { tinyData, tinySupernet, tinyTeacher } from "./tiny";

type Options = never;
const once = { seed: 1, epochs: 1, batchSize: 16 };

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

async function parts() {
  const { data, teacher, supernet } = await tinySupernet();
  await supernet.distill({ epochs: 1, batchSize: 16 });
  const ratings = await supernet.rate({ images: 16, calibrationImages: 16, batchSize: 8 });
  return { data, teacher, supernet, ratings, found: ratings.search({}) };
}

describe("options in a cell", () => {
  it("that are misspelt are refused everywhere, with the nearest right one, and values that cannot be", async () => {
    const { data, teacher, supernet, ratings, found } = await parts();
    const blocks = teacher.split([1]);
    const timm = "cn_r1_k3_s2_c12 ds_r1_k3_s1_c16";
    const calls: [call: () => unknown, message: RegExp][] = [
      [() => lab.data("synthetic", { validationcount: 40 } as Options), /lab\.data: .*did you mean validationCount/],
      [() => lab.data("synthetic", { validationCount: "40" } as Options), /validationCount must be .*got "40"/],
      [() => lab.data(data.dataset, { testCount: 3 }), /lab\.data: testCount is of a data set that is loaded by name/],
      [() => lab.teacher(tinyTeacher, { data, lr: 0.1 } as Options), /lab\.teacher: .*did you mean learningRate/],
      [() => lab.teacher(tinyTeacher, { data, epoch: 3 } as Options), /did you mean epochs/],
      [
        () => lab.teacher("teacher.onnx", { data }),
        /a file must be a teacher's \(\.safetensors\).*got "teacher\.onnx"/,
      ],
      [() => lab.teacher(tinyTeacher, { data, mixup: 0.2 } as Options), /option "mixup" is not known; known are/],
      [() => lab.teacher(tinyTeacher, { data, epochs: "3" } as Options), /epochs must be a whole number .*got "3"/],
      [() => lab.teacher(tinyTeacher, { data, epochs: Number.NaN }), /epochs must be .*got NaN/],
      [() => lab.teacher(tinyTeacher, { data, augment: { flips: true } } as Options), /did you mean augment\.flip/],
      [() => lab.supernet(blocks, { op: [] } as Options), /lab\.supernet: .*did you mean ops/],
      [() => lab.supernet(blocks, { cellsPerBlock: 0 }), /cellsPerBlock must be a whole number from 1, got 0/],
      [() => supernet.withScores(() => 1, { nam: "x" } as Options), /supernet\.withScores: .*did you mean name/],
      [() => ratings.withScores(() => 1, { nam: "x" } as Options), /ratings\.withScores: .*did you mean name/],
      [
        () => (ratings.search as (...given: unknown[]) => unknown)({ macs: "1M" }, { kk: 3 }),
        /ratings\.search: must get limits alone.*ratings\.diverse/,
      ],
      [() => lab.agreement(ratings, [], { drws: 5 } as Options), /lab\.agreement: .*did you mean draws/],
      [() => lab.agreement(ratings, [], { lable: "x" } as Options), /did you mean label/],
      [() => lab.agreement(ratings, [], { draws: Number.NaN }), /draws must be a whole number from 1, got NaN/],
      [() => lab.network(timm, { data, lable: "x" } as Options), /lab\.network: .*did you mean label/],
      [() => lab.pareto([teacher], { epoch: 1 } as Options), /lab\.pareto: .*did you mean epochs/],
      [() => blockSpace(blocks.blocks, { opps: [] } as Options), /blockSpace: .*did you mean ops/],
      [() => imageFolder("t", undefined, { strickt: true } as Options), /imageFolder: .*did you mean strict/],
      [
        () => prepareDataset({} as Options, { seed: 1, validationcount: 3 } as Options),
        /prepareDataset: .*did you mean validationCount/,
      ],
      [() => prepareDataset({} as Options, { seed: Number.NaN }), /seed must be a whole number, got NaN/],
      [() => new Rng(Number.NaN), /Rng: seed must be a whole number, got NaN/],
      [() => new Rng(1.5), /got 1\.5/],
      [() => new Rng("1" as Options), /got "1"/],
      [() => sgd({ lr: 1 } as Options), /sgd: option "lr" is not known/],
      [() => sgd({ momentum: 1 }), /momentum must be a number in \[0, 1\), got 1/],
      [() => adam({ beta: 3 } as Options), /adam: .*did you mean beta1/],
      [() => engine.use("auto", { threads: Number.NaN }), /engine\.use: threads must be a whole number .*got NaN/],
      [() => engine.use("native", { threads: 0 }), /threads must be a whole number from 1 .*got 0/],
      [() => supernet.distill({ epoch: 1 } as Options), /supernet\.distill: .*did you mean epochs/],
      [() => supernet.distill({ epochs: [1, Number.NaN] }), /epochs must be .*got \[1,"NaN"\]/],
      [() => supernet.rate({ image: 3 } as Options), /supernet\.rate: .*did you mean images/],
      [() => supernet.rate({ score: "L1" } as Options), /score must be one of relativeL1/],
      [() => supernet.featureMaps({ blocks: 1 } as Options), /supernet\.featureMaps: .*did you mean block/],
      [() => ratings.search({ flops: "4M" } as Options), /got "flops"; did you mean macs/],
      [() => ratings.search({ param: "4M" } as Options), /did you mean params/],
      [() => ratings.diverse(2, {}, { diference: 0.5 } as Options), /ratings\.diverse: .*did you mean difference/],
      [() => ratings.diverse(0), /k must be a whole number from 1, got 0/],
      [() => ratings.predictor([], { penaltys: [1] } as Options), /ratings\.predictor: .*did you mean penalties/],
      [() => found.random.atEqualMacs(1, { tolerence: 0.1 } as Options), /did you mean tolerance/],
      [() => found.random.atEqualMacs(-1), /count must be a whole number from 0, got -1/],
      [() => found.alongFront(Number.NaN), /count must be a whole number from 1, got NaN/],
      [() => found.retrain({ epoch: 1 } as Options), /found\.retrain: .*did you mean epochs/],
      [() => found.retrain({ warmStart: "yes" } as Options), /warmStart must be true or false, or weights.*got "yes"/],
      [() => found.retrain({ distillation: { weigth: 1 } } as Options), /did you mean distillation\.weight/],
      [() => lab.latency(found, { round: 3 } as Options), /lab\.latency: .*did you mean rounds/],
      [() => lab.latency(found, { batch: 0 }), /batch must be a whole number from 1, got 0/],
      [() => lab.study("ranking", { thruth: "x" } as Options), /lab\.study: .*did you mean truth/],
      [() => lab.study("ranking", { truth: 3 } as Options), /truth must be a text.*got 3/],
      [() => lab.study("ranking").run({ varient: "x" } as Options), /study\.run: .*did you mean variant/],
      [() => lab.study("ranking").run({ seed: "1" } as Options), /seed must be a whole number, got "1"/],
      [
        () => lab.study("ranking").run({ variant: "dnaa" }),
        /study 02_dna_ranking: the part must be .*got variant dnaa; did you mean dna\? there are/,
      ],
      [
        () => lab.study("ranking").run({ seed: 999 }),
        /study 02_dna_ranking: the part must be .*got seed 999; there are/,
      ],
      [() => lab.record("r", { a: 1 }, { tolerence: 0.1 } as Options), /lab\.record: .*did you mean tolerance/],
      [() => engine.use("auto", { thread: 1 } as Options), /engine\.use: .*did you mean threads/],
      [() => mbconv([3], [6], { seratio: 0 } as Options), /mbconv: .*did you mean seRatio/],
      [() => conv(3, 16, { strides: 2 } as Options), /conv: .*did you mean stride/],
      [() => conv([3], { activaton: "relu" } as Options), /conv: .*did you mean activation/],
      [() => conv([3], { stride: 2 } as Options), /conv: option "stride" is not known; known are activation/],
      [() => residual([3], { desing: "basic" } as Options), /residual: .*did you mean design/],
      [() => syntheticImages({ class: 3 } as Options), /syntheticImages: .*did you mean classes/],
      [() => syntheticImages({ shape: { heigth: 8, width: 8, channels: 1 } as Options }), /did you mean shape\.height/],
      [() => syntheticDataset({ count: 2.5 }), /syntheticImages: count must be a whole number from 1, got 2.5/],
      [() => saveFound("x.json", {} as Options, { orign: {} } as Options), /saveFound: .*did you mean origin/],
      [() => predict({} as Options, "x.png", { tops: 2 } as Options), /predict: .*did you mean top\?/],
      [() => predictAll({} as Options, [], { top: Number.NaN }), /predictAll: top must be a whole number .*got NaN/],
    ];
    for (const [call, message] of calls) {
      const outcome = (async () => call())();
      await expect(outcome, String(message)).rejects.toThrow(ConfigError);
      await expect(outcome).rejects.toThrow(message);
    }
    supernet.dispose();
    teacher.teacher.dispose();
  });

  it("of ops, layers, cells, architectures and cut points are as strict, in a sentence", async () => {
    const { data, teacher } = await tinySupernet();
    const blocks = teacher.split([1]);
    const op = { kind: "conv", kernelSize: 3 };
    const ops = (given: object) => () => lab.supernet(blocks, { ops: [given] } as Options);
    const around = (given: object) => () => lab.supernet(blocks, given as Options);
    const { architecture } = teacher;
    const calls: [call: () => unknown, message: RegExp][] = [
      [ops({ ...op, activaton: "relu" }), /op 0: "activaton" is not known; did you mean activation\?/],
      [ops({ ...op, kind: "cnv", activation: "silu" }), /must be an operation of kind/],
      [ops({ kernelSize: 3, expansion: 6, seratio: 0, activation: "silu" }), /"seratio" .*did you mean seRatio/],
      [ops({ kind: "residual", kernelSize: 3, design: "wide" }), /design must be basic or bottleneck/],
      [ops({ kind: "identity", kernelSize: 3 }), /"kernelSize" is not known/],
      [
        around({ cells: [[{ depth: 1, width: 8, widht: 4 }], [{ depth: 1, width: 8 }]] }),
        /"widht".*did you mean width/,
      ],
      [around({ cells: [[3], [{ depth: 1, width: 8 }]] }), /cell 0 must be \{ depth, width \}, got 3/],
      [around({ stem: [{ ...conv(3, 8, { stride: 2 }), strid: 1 }] }), /stem layer 0: "strid".*did you mean stride/],
      [around({ head: [3] }), /head layer 0 must be a layer, e\.g\. conv\(3, 16\), got 3/],
      [() => conv(3, { activaton: "relu" } as Options), /conv: a layer must have its channels, conv\(3, 16/],
      [() => conv(3, undefined as Options), /conv: a layer must have its channels.*got undefined/],
      [() => conv("3" as Options), /conv: must get a kernel and channels.*got "3"/],
      [() => mbconv({ kernelSize: 3 } as Options, [6]), /mbconv: must get a list of kernels.*got \{"kernelSize":3\}/],
      [() => mbconv([3], 6 as Options), /mbconv: must get a list .*and 6/],
      [() => residual(3 as Options), /residual: must get a list of kernels, residual\(\[3\]\), got 3/],
      [() => splitArchitecture(architecture, { aftr: [1] } as Options), /split: must be .*got \{"aftr":\[1\]\}/],
      [() => teacher.split({ after: [1], by: 2 } as Options), /split: must be a number of blocks/],
      [() => teacher.split(undefined as Options), /got undefined/],
      [() => trainTeacher({ ...architecture, droput: 1 } as Options, data.dataset, once), /"droput".*mean dropout/],
      [() => lab.teacher({ ...architecture, droput: 1 } as Options, { data }), /lab\.teacher: .*droput/],
    ];
    for (const [call, message] of calls) {
      const outcome = (async () => call())();
      await expect(outcome, String(message)).rejects.toThrow(SpaceError);
      await expect(outcome).rejects.toThrow(message);
    }
    teacher.teacher.dispose();
  });

  it("a preset with another input and classes is a teacher's architecture here as in an experiment", async () => {
    const { shape, classes } = (await tinyData()).dataset;
    const data = await tinyData();
    const preset = { preset: "efficientnet-tiny@28px", input: shape, classes: classes.length };
    const teacher = await lab.teacher(preset, { data, epochs: 1, batchSize: 16 });
    expect(teacher.architecture.input).toEqual(shape);
    expect(teacher.architecture.classes).toBe(classes.length);
    teacher.teacher.dispose();
  });

  it("a data set changed by hand is checked before a training, whichever it is", async () => {
    const { dataset } = await tinyData();
    const labels = dataset.train.labels.map(() => 9);
    const changes: [change: object, message: RegExp][] = [
      [{ preprocessing: { mean: [0.9], std: [0] } }, /std above 0/],
      [{ train: { ...dataset.train, labels } }, /labels must be 0 to 3.*got 9 for image 0/],
    ];
    for (const [change, message] of changes) {
      for (const train of [trainTeacher, retrain]) {
        const outcome = train(tinyTeacher, { ...dataset, ...change }, once);
        await expect(outcome).rejects.toThrow(DataError);
        await expect(outcome).rejects.toThrow(message);
      }
    }
  });

  it("name a data set by what is in it, checked", async () => {
    const data = await tinyData();
    const changed = await lab.data({ ...data.dataset, preprocessing: { mean: [0.9], std: [0.05] } });
    expect(changed.dataset.fingerprint).not.toBe(data.dataset.fingerprint);
    const empty = { count: 0, images: new Uint8Array(), labels: new Uint8Array() };
    await expect(lab.data({ ...data.dataset, validation: empty })).rejects.toThrow(DataError);
  });
});

describe("a teacher of other classes", () => {
  const folder = mkdtempSync(join(tmpdir(), "teachers-"));

  function save(name: string, classes: readonly string[], dataset = "synthetic"): string {
    const architecture = { ...tinyTeacher, classes: classes.length };
    const network = new Network(architecture, new Rng(1));
    const preprocessing = { mean: [0.3], std: [0.3] };
    const history = { epochs: [], validationImages: 0, imagesPerSecond: 0 };
    const file = join(folder, `${name}.safetensors`);
    new Teacher(network, { architecture, preprocessing, classes, dataset, history }).save(file);
    network.dispose();
    return file;
  }

  it("is refused at once, and taken for its features alone; students then have the data's classes", async () => {
    const data = await tinyData();
    const thousand = Array.from({ length: 1000 }, (_, i) => `class ${i}`);
    const refused: [file: string, message: RegExp][] = [
      [save("wide", thousand), /must have the 4 classes of data set synthetic, got 1000.*featuresOnly: true/],
      [save("turned", [...data.classes].reverse()), /classes of data set synthetic in their order, got "pattern 3"/],
      [save("elsewhere", thousand, "imagenet"), /must be of data set synthetic, got imagenet.*featuresOnly/],
    ];
    for (const [file, message] of refused) {
      await expect(lab.teacher(file, { data })).rejects.toThrow(ConfigError);
      await expect(lab.teacher(file, { data })).rejects.toThrow(message);
    }
    const small = await lab.data(syntheticDataset({ shape: { height: 4, width: 4, channels: 1 } }));
    await expect(lab.teacher(refused[0][0], { data: small, featuresOnly: true })).rejects.toThrow(
      /must take the images/,
    );
    const teacher = await lab.teacher(refused[2][0], { data, featuresOnly: true });
    expect(teacher.accuracy).toBeUndefined();
    expect(String((await teacher[DISPLAY]())["text/plain"])).toMatch(/not measured[\s\S]*for its features only/);
    await expect(teacher.testAccuracy()).rejects.toThrow(/features only/);
    expect(() => lab.supernet(teacher.split([1]), { classes: 5 })).toThrow(
      /classes must be the 4 of data set synthetic/,
    );
    const supernet = lab.supernet(teacher.split([1]), { cellsPerBlock: 1 });
    expect(supernet.space.classes).toBe(4);
    await supernet.distill({ epochs: 1, batchSize: 16, images: 32, labelLoss: 0.5 });
    const ratings = await supernet.rate({ images: 16, calibrationImages: 16, batchSize: 8 });
    const student = await ratings.search({}).retrain({ epochs: 1, batchSize: 16 });
    expect(student.accuracy).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(student.summary().rows)).toContain("(teacher: not measured)");
    const soft = ratings.search({}).retrain({ epochs: 1, distillation: { weight: 0.5, temperature: 1 } });
    await expect(soft).rejects.toThrow(/distillation needs the teacher's answers.*4 classes.*got 1000/);
    student.retrained.dispose();
    supernet.dispose();
    teacher.teacher.dispose();
  });
});
