import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core";
import { DISPLAY, type Displayable } from "../../src/display-protocol";
import { engine, tf } from "../../src/engine";
import { lab } from "../../src/lab";
import { type OwnRating, type RatedMaps, type RatingFunction, rateBlock, rateNaive } from "../../src/rate";
import { loadFound } from "../../src/retrain";
import { distillFeatures, ratingFeatures } from "../../src/teacher";
import { tinySupernet } from "../lab/tiny";

const folder = mkdtempSync(join(tmpdir(), "own-rating-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function shown(value: Displayable): Promise<string> {
  return String((await value[DISPLAY]())["text/plain"]);
}

describe("an own rating function", () => {
  let flow: Awaited<ReturnType<typeof tinySupernet>>;
  beforeAll(async () => {
    engine.use("auto", { threads: 1 });
    flow = await tinySupernet();
    await flow.supernet.distill({ epochs: 1, batchSize: 16 });
  });

  it("rates all candidates, and the search goes by it", async () => {
    const { supernet } = flow;
    // docs: own-rating
    /** One minus the cosine between student's and teacher's maps, one number an image. */
    function cosineDistance({ student, teacher }: RatedMaps) {
      const product = (a: tf.Tensor4D, b: tf.Tensor4D) => tf.sum(tf.mul(a, b), [1, 2, 3]); // [batch]
      const lengths = tf.sqrt(tf.mul(product(student, student), product(teacher, teacher)));
      return tf.sub(1, tf.div(product(student, teacher), lengths));
    }
    const ratings = await supernet.rate({ rating: cosineDistance });
    const found = ratings.search({ macs: "1M" });
    // end
    const plain = await supernet.rate();
    expect(ratings.table.blocks.map((rows) => rows.map(({ path }) => path))).toEqual(
      plain.table.blocks.map((rows) => rows.map(({ path }) => path)),
    );
    for (const [block, rows] of ratings.table.blocks.entries()) {
      for (const [i, row] of rows.entries()) {
        expect(row.score).toBeGreaterThan(0);
        expect(row.score).toBeLessThan(2);
        // Our measures stand beside it.
        expect(row.mse).toBe(plain.table.blocks[block][i].mse);
      }
    }
    const best = ratings.table.blocks.map((rows) => Math.min(...rows.map(({ score }) => score)));
    expect(found.score).toBeCloseTo(
      best.reduce((a, b) => a + b),
      9,
    );
    expect(await shown(ratings)).toMatch(/Rating: cosineDistance; lower is better/);
    expect(await shown(ratings)).toMatch(/figure: Ratings by cosineDistance/);
    expect(found.table().rows).toHaveLength(2);
    expect(await shown(found)).toMatch(/Rated by cosineDistance/);
    expect(JSON.stringify(found.figure().figure.layout)).toContain("from ratings (cosineDistance) alone");
    await found.retrain({ epochs: 1, batchSize: 16 });
    const { record, network } = loadFound(found.save(join(folder, "found.json")));
    expect(record.origin.rating).toBe("cosineDistance");
    network.dispose();
  });

  it("equal to one of ours it gives the same, with shared features as one by one, inline whatever the workers", async () => {
    const { supernet, teacher, data } = flow;
    const { blocks } = supernet.blocks;
    const features = {
      calibration: await distillFeatures(teacher.teacher, blocks, data.dataset, { seed: 1 }),
      rating: await ratingFeatures(teacher.teacher, blocks, data.dataset, { seed: 1 }),
    };
    // docs: own-rating-typescript
    const meanSquare = ({ student, teacher }: RatedMaps) => tf.mean(tf.squaredDifference(student, teacher));
    const [{ supernet: block }] = supernet.distilled;
    const rated = await rateBlock(block, features, { rating: { name: "mean square", rate: meanSquare } });
    // end
    const onThreads = await rateBlock(block, features, { rating: meanSquare }, { workers: 2 });
    expect(onThreads).toEqual(rated);
    const alone = rateNaive(block, features, { rating: meanSquare });
    for (const [i, { score, mse }] of rated.entries()) {
      expect(score).toBeCloseTo(mse, 5);
      expect(alone[i].score).toBeCloseTo(score, 5);
    }
    const tensors = tf.memory().numTensors;
    await rateBlock(block, features, { rating: meanSquare });
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("sees the block's input, the place, the labels, and the teacher's rest", async () => {
    const { supernet, teacher } = flow;
    const seen: { shapes: number[][]; path: string; labels: number; classes: number }[] = [];
    // docs: own-rating-labels
    /** Cross-entropy of the teacher's rest behind the candidate: what the error costs in answers. */
    function answers({ student, teacher, input, labels, logits, block, cell, path }: RatedMaps) {
      const oneHot = tf.oneHot(tf.tensor1d(Array.from(labels!), "int32"), logits!(student).shape[1]);
      const shapes = [student, teacher, input].map(({ shape }) => shape);
      seen.push({ shapes, path: `${block}/${cell}/${path}`, labels: labels!.length, classes: oneHot.shape[1]! });
      return tf.losses.softmaxCrossEntropy(oneHot, logits!(student));
    }
    // end
    const ratings = await supernet.rate({ rating: answers, batchSize: 20 });
    // 32 validation images: batches of 20 and 12.
    expect(seen[0]).toEqual({
      shapes: [
        [20, 4, 4, 8],
        [20, 4, 4, 8],
        [20, 8, 8, 1],
      ],
      path: "0/0/0",
      labels: 20,
      classes: 4,
    });
    expect(seen[1].labels).toBe(12);
    expect(seen.at(-1)!.path).toBe("1/1/1,1");
    expect(seen).toHaveLength(2 * 8);
    // The teacher in its own place has its own loss; no candidate's is lower by much.
    expect(ratings.table.blocks.flat().every(({ score }) => Number.isFinite(score) && score > 0)).toBe(true);
    expect(teacher.kind).toBe("teacher");
  });

  it("another function, or the same text with other variables, rates anew; with a version the same one does not", async () => {
    const { supernet } = flow;
    let calls = 0;
    const scaled = (factor: number) => ({
      name: "scaled",
      rate: ({ student, teacher }: RatedMaps) => {
        calls++;
        return tf.mul(factor, tf.mean(tf.squaredDifference(student, teacher)));
      },
    });
    const once = scaled(1);
    const first = (await supernet.rate({ rating: once })).table.blocks[0][0].score;
    expect(calls).toBe(8);
    await supernet.rate({ rating: once });
    expect(calls).toBe(16);
    await supernet.rate({ rating: { ...once, version: 1 } });
    expect(calls).toBe(24);
    // Another object of the same version is the same.
    await supernet.rate({ rating: { ...scaled(1), version: 1 } });
    expect(calls).toBe(24);
    await supernet.rate({ rating: { ...once, version: 2 } });
    expect(calls).toBe(32);
    const second = (await supernet.rate({ rating: scaled(3) })).table.blocks[0][0].score;
    expect(second / first).toBeCloseTo(3, 5);
    // One function whose variable changes.
    let factor = 1;
    const captured = ({ student, teacher }: RatedMaps) =>
      tf.mul(factor, tf.mean(tf.squaredDifference(student, teacher)));
    const before = (await supernet.rate({ rating: captured })).table.blocks[0][0].score;
    factor = 3;
    const after = (await supernet.rate({ rating: captured })).table.blocks[0][0].score;
    expect(after / before).toBeCloseTo(3, 5);
    const strange = { ...once, versoin: 1 };
    await expect(supernet.rate({ rating: strange })).rejects.toThrow(/rate: rating: .*did you mean version/);
  });

  it("feeds student after student where the student guides", async () => {
    const { supernet } = await tinySupernet();
    const rating = {
      name: "mean square",
      rate: ({ student, teacher }: RatedMaps) => tf.losses.meanSquaredError(teacher, student),
    };
    await supernet.distill({ epochs: 1, batchSize: 16, guideInput: "student", rating: { rating } });
    const ratings = await supernet.rate({ rating });
    expect(ratings.session.score).toBe("mean square");
    supernet.dispose();
  });

  it("guides anew at each call, for its variables may have changed; with a version the distillation is kept", async () => {
    const { supernet } = await tinySupernet();
    let calls = 0;
    let sign = 1;
    const guide = ({ student, teacher }: RatedMaps) => {
      calls++;
      return tf.mul(sign, tf.losses.meanSquaredError(teacher, student));
    };
    const distilled = async (rating: OwnRating | RatingFunction) => {
      const before = calls;
      await supernet.distill({ epochs: 1, batchSize: 16, guideInput: "student", rating: { rating } });
      return { calls: calls - before, losses: JSON.stringify(supernet.history().map((block) => block.flat()[0].loss)) };
    };
    const first = await distilled(guide);
    expect(first.calls).toBeGreaterThan(0);
    expect(await distilled(guide)).toEqual(first);
    // The worst candidate feeds the second block now: its supernet learns from other maps.
    sign = -1;
    const other = await distilled(guide);
    expect(other.calls).toBe(first.calls);
    expect(other.losses).not.toBe(first.losses);
    const version = { name: "guide", rate: guide, version: 1 };
    expect((await distilled(version)).calls).toBe(first.calls);
    expect((await distilled({ ...version })).calls).toBe(0);
    supernet.dispose();
  });

  it.each<[string, RatingFunction, RegExp]>([
    ["NaN", () => Number.NaN, /must give finite numbers, got NaN for block 0, cell 0, path \[0\]/],
    ["infinity in a tensor", () => tf.scalar(Number.POSITIVE_INFINITY), /finite numbers, got Infinity/],
    ["NaN for one image", ({ student }) => tf.fill([student.shape[0]], Number.NaN), /finite numbers, got NaN/],
    ["a promise", (async () => 1) as unknown as RatingFunction, /got a promise; make it no async function/],
    [
      "nothing",
      (() => undefined) as unknown as RatingFunction,
      /a number, or one an image, got a value of type undefined/,
    ],
    ["the wrong number of numbers", () => [1, 2, 3], /one number, or one for each of 32 images, got 3/],
    ["maps", ({ student }) => student, /one number, or one for each of 32 images, got 4096/],
  ])("that gives %s is refused, and nothing stays behind", async (_, rate, message) => {
    const { supernet } = flow;
    const tensors = tf.memory().numTensors;
    const failure = supernet.rate({ rating: { name: "mine", rate } });
    await expect(failure).rejects.toThrow(ConfigError);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow(/own rating "mine"/);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("that is none, has no name or one of ours, or stands beside a score, is refused", async () => {
    const { supernet } = flow;
    const rate = () => 1;
    for (const [rating, message] of [
      [{ name: "x" }, /must be a function/],
      ["cosine", /must be a function/],
      [{ name: "nsr", rate }, /name of its own/],
      [{ name: " ", rate }, /name of its own/],
      [
        (
          () => () =>
            1
        )(),
        /name of its own/,
      ],
    ] as const) {
      await expect(supernet.rate({ rating: rating as RatingFunction })).rejects.toThrow(message);
    }
    await expect(supernet.rate({ rating: { name: "x", rate }, score: "nsr" })).rejects.toThrow(
      /either score or rating/,
    );
  });

  it("that throws is heard with its own words", async () => {
    const rating = () => {
      throw new RangeError("my own mistake");
    };
    await expect(flow.supernet.rate({ rating })).rejects.toThrow(/my own mistake/);
    // What comes after is as before.
    expect((await flow.supernet.rate()).session.score).toBe("relativeL1");
    expect(lab).toBeDefined();
  });
});
