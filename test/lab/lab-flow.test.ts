import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { BudgetInfeasibleError, ConfigError, DataError, InterruptedError, SpaceError } from "../../src/core";
import { DISPLAY, type Displayable } from "../../src/display-protocol";
import { engine } from "../../src/engine";
import { lab, random } from "../../src/lab";
import { notebookContext } from "../../src/lab/session/notebook-context";
import { loadFound } from "../../src/retrain";
import { mbconv } from "../../src/space";
import { inNotebook } from "./recording-host";
import { tinyData, tinySupernet, tinyTeacher } from "./tiny";

type Flow = Awaited<ReturnType<typeof tinySupernet>>;

/** All that a value shows, as text. */
async function shown(value: Displayable): Promise<string> {
  return String((await value[DISPLAY]())["text/plain"]);
}

describe("the way from images to the front", () => {
  let flow: Flow;
  beforeAll(async () => {
    engine.use("auto", { threads: 1 });
    flow = await tinySupernet();
  });

  it("walks all steps, and every value shows a table and a figure", async () => {
    const { data, teacher, supernet } = flow;
    expect(await shown(data)).toMatch(
      /synthetic: 8x8x1, 4 classes, seed 1[\s\S]*validation +32[\s\S]*figure: Images of synthetic/,
    );
    expect(await shown(teacher)).toMatch(/validation accuracy[\s\S]*MACs[\s\S]*figure: Training of tiny/);
    expect(await shown(teacher.split(2))).toMatch(/tiny in 2 blocks[\s\S]*figure: What each block costs/);
    expect(await shown(supernet)).toMatch(/8 candidates, 12 networks[\s\S]*figure: The supernet/);

    const distillation = await supernet.distill({ epochs: 2, batchSize: 16 });
    expect(await shown(distillation)).toMatch(/first loss[\s\S]*figure: Distillation/);
    const ratings = await supernet.rate();
    expect(ratings.table.blocks.map(({ length }) => length)).toEqual([2, 6]);
    expect((await ratings.frame()).shape).toEqual([8, 8]);
    expect(await shown(ratings)).toMatch(/8 candidates rated[\s\S]*figure: Ratings/);

    const found = ratings.search();
    expect(found.macs).toBe(found.network.cost.macs);
    expect(await shown(found)).toMatch(/Found network[\s\S]*figure: Predicted front/);
    const student = await found.retrain({ epochs: 1, batchSize: 16 });
    expect(await shown(student)).toMatch(/trained from scratch[\s\S]*figure: Training of the found network/);
    const confusion = await found.confusion({ split: "test" });
    expect(await shown(confusion)).toMatch(/the found network on test of synthetic[\s\S]*top-5[\s\S]*figure: Answers/);
    expect(confusion.accuracy).toBe(await student.testAccuracy());
    expect((await teacher.confusion()).accuracy).toBe(teacher.accuracy);
    expect((await student.perClass()).rows).toHaveLength(4);
    await expect(student.confusion({ split: "testing" as "test" })).rejects.toThrow(/split must be one of validation/);

    const augmented = data.show({ augment: { crop: {}, flip: true, mixup: 0.2 } });
    expect(await shown(augmented)).toMatch(/figure: Images of synthetic/);
    expect(JSON.stringify(augmented.figure)).toMatch(/then as changed by crop, flip, mixup/);
    expect(augmented.figure).toEqual(data.show({ augment: { crop: {}, flip: true, mixup: 0.2 } }).figure);
    expect(() => data.show({ augment: { crops: {} } as object })).toThrow(/augment.crops.*did you mean augment.crop/);

    const front = await lab.pareto([
      teacher,
      student,
      ...found.alongFront(3),
      ...found.random.atEqualMacs(1, { tolerance: 0.9 }),
    ]);
    expect(front.networks.filter(({ kind }) => kind === "teacher")).toHaveLength(1);
    const ours = front.networks.filter(({ kind }) => kind === "found");
    expect(ours.length).toBeGreaterThanOrEqual(1);
    // The found network and its student are one network; a random one that is the same stays a rival.
    expect(new Set(front.networks.map(({ kind, macs, score }) => `${kind}/${macs}/${score}`)).size).toBe(
      front.networks.length,
    );
    expect(front.networks.every(({ accuracy }) => accuracy >= 0 && accuracy <= 1)).toBe(true);
    expect(await shown(front)).toMatch(
      /test accuracy[\s\S]*teacher's MACs[\s\S]*figure: Accuracy against cost on synthetic/,
    );
    // Where the mouse is: what the network is, and all that it costs.
    const marks = JSON.stringify(front.figure().figure.data.map(({ customdata }) => customdata));
    expect(marks).toMatch(
      /MACs, [\d.]+k? parameters, [\d.]+kB activations<br>block 1: e2k[35], 8 channels<br>block 2: /,
    );
    const published = { dataset: "synthetic", label: "theirs", macs: 5e4, accuracy: 0.5 };
    expect(JSON.stringify(front.figure({ budgets: ["40k"], published: [published] }).figure)).toMatch(
      /theirs[\s\S]*budget 40\.0k/,
    );
    expect(() => front.figure({ published: [{ ...published, dataset: "other" }] })).toThrow(DataError);
    expect(front.parallel().figure.data).toHaveLength(front.networks.length);
  });

  it("has pictures of networks, and of what teacher and student see", async () => {
    const { supernet, teacher } = await tinySupernet();
    await expect(supernet.featureMaps()).rejects.toThrow(/call await supernet.distill/);
    await supernet.distill({ epochs: 1, batchSize: 16 });
    const maps = (await supernet.featureMaps({ images: 2, channels: 3 })).figure;
    // Two images, three channels, teacher and student.
    expect(maps.layout.images).toHaveLength(12);
    expect(maps.layout.title.text).toContain("block 2");
    await expect(supernet.featureMaps({ candidate: { cell: 9, path: [0] } })).rejects.toThrow(/one of its 2 cells/);
    const ratings = await supernet.rate();
    // A row of the ratings is a candidate, whatever else it holds.
    expect(await supernet.featureMaps({ candidate: ratings.table.blocks[1][0], images: 1 })).toBeDefined();
    const found = ratings.search();
    const boxes = found.diagram().figure.data.flatMap(({ text }) => (text as string[] | undefined) ?? []);
    expect(boxes.filter((text) => /^k[35]<br>e2/.test(text))).toHaveLength(
      found.network.choice.reduce((sum, { path }) => sum + path.length, 0),
    );
    expect(teacher.diagram().figure.layout.title.text).toContain("Teacher tiny");
  });

  it("finds the same with the same seed", async () => {
    const again = await tinySupernet();
    const [a, b] = [flow, again].map(({ supernet }) => supernet);
    const rate = async (supernet: Flow["supernet"]) => {
      await supernet.distill({ epochs: 1, batchSize: 16 });
      return JSON.stringify((await supernet.rate()).table);
    };
    expect(await rate(b)).toBe(await rate(a));
  });

  it("goes on with an interrupted distillation and ends as if it had not been stopped", async () => {
    const [{ supernet: whole }, { supernet: stopped }] = [await tinySupernet(), await tinySupernet()];
    const options = { epochs: 2, batchSize: 16 };
    await whole.distill(options);
    await inNotebook(async (host) => {
      const original = host.update.bind(host);
      host.update = (id, bundle) => {
        original(id, bundle);
        if (String(bundle["text/plain"]).includes("| distill block 2/2")) host.controller.abort();
      };
      await expect(stopped.distill(options, notebookContext({ intervalMs: 0 }))).rejects.toThrow(InterruptedError);
      expect(
        host
          .outputs()
          .map((bundle) => String(bundle["text/plain"]))
          .join("\n"),
      ).toMatch(/distill block 2\/2.*stopped/);
    });
    expect(stopped.history()).toHaveLength(1);
    await stopped.distill(options);
    const losses = (supernet: Flow["supernet"]) =>
      supernet.history().map((cells) => cells.map((epochs) => epochs.map(({ loss }) => loss)));
    expect(losses(stopped)).toEqual(losses(whole));
    expect(stopped.distilled.map(({ supernet }) => supernet.block)).toEqual([0, 1]);
  });

  it("saves a retrained network that can be loaded, with how it was found", async () => {
    const { supernet } = flow;
    await supernet.distill({ epochs: 1, batchSize: 16 });
    const found = (await supernet.rate()).search({ macs: "1M" });
    const path = join(mkdtempSync(join(tmpdir(), "lab-")), "found.json");
    expect(() => found.save(path)).toThrow(/must be retrained first/);
    await found.retrain({ epochs: 1, batchSize: 16 });
    expect(found.save(path)).toBe(path);
    const { record, network } = loadFound(path);
    expect(record.origin).toMatchObject({
      method: "exact search over ratings",
      budget: { macs: 1e6 },
      seeds: { data: 1, distill: 1, rate: 1 },
    });
    expect(record.cost.macs).toBe(found.macs);
    expect(found.toTimm()).toMatch(/^ir_r1_k\d/);
    network.dispose();
    expect(random.atEqualMacs(found, 1, { tolerance: 0.9 })[0].kind).toBe("random");
    // Which of several found networks is meant is never guessed.
    expect(() => random.atEqualMacs(3 as never, {} as never)).toThrow(
      /must be the network .* got 3; write random\.atEqualMacs\(found, 3\), or found\.random\.atEqualMacs\(3\)/,
    );
  });

  it("says what is wrong with bad input", async () => {
    const { supernet, teacher, data } = flow;
    await supernet.distill({ epochs: 1, batchSize: 16 });
    const ratings = await supernet.rate();
    expect(() => ratings.search({ macs: 10 })).toThrow(BudgetInfeasibleError);
    expect(() => ratings.search({ flops: 10 } as object)).toThrow(/called macs/);
    expect(() => ratings.search({ macs: "many" })).toThrow(ConfigError);
    expect(() => teacher.split(9)).toThrow(SpaceError);
    await expect(lab.data("no-such-data")).rejects.toThrow(/fashion-mnist/);
    await expect(lab.teacher("no-such-net", { data })).rejects.toThrow(/known are/);
    await expect(lab.teacher("no-such.safetensors", { data })).rejects.toThrow(/no-such.safetensors.*does not exist/);
    await expect(lab.teacher("no-such.json", { data })).rejects.toThrow(/no-such.json.*does not exist/);
    await expect(lab.teacher("efficientnet-b0@28px", { data })).rejects.toThrow(/must take 8x8x1/);
    await expect(lab.teacher("tiny", {} as never)).rejects.toThrow(/data must be what lab.data gave/);
    await expect((await tinySupernet()).supernet.rate()).rejects.toThrow(/distilled first/);
    expect(() =>
      lab.supernet(teacher.split([1]), { ops: mbconv([3], [2]), cells: [[{ depth: 0, width: 8 }]] }),
    ).toThrow(SpaceError);
  });

  it("refuses to compare networks of different data sets, before training anything", async () => {
    const { teacher } = flow;
    const other = await lab.data({ ...(await tinyData()).dataset, name: "other" });
    const stranger = await lab.teacher(tinyTeacher, { data: other, epochs: 1, batchSize: 16 });
    await expect(lab.pareto([teacher, stranger])).rejects.toThrow(DataError);
    await expect(lab.pareto([teacher, stranger])).rejects.toThrow(/synthetic, other/);
  });

  it("leaves no tensors behind but the weights that it keeps", async () => {
    const { tf } = await import("../../src/engine/index.js");
    expect(engine.info().backend).toBeDefined();
    const { supernet } = await tinySupernet();
    await supernet.distill({ epochs: 1, batchSize: 16 });
    const before = tf.memory().numTensors;
    await supernet.rate();
    await supernet.distill({ epochs: 1, batchSize: 16 });
    expect(tf.memory().numTensors).toBe(before);
  });
});
