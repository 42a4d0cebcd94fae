import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { canonicalKeys, type TrueNetwork } from "../../../src/benchmark";
import { additiveScores, macsRatings, networkScores } from "../../../src/benchmark/ranking";
import { Rng, writeJson } from "../../../src/core";
import { enumerateBlock, nasBenchMacroSpace } from "../../../src/space";
import {
  differenceVerdict,
  figuresFile,
  readStudy,
  type StudyConfig,
  seedRange,
  stageTaus,
  storedStudy,
} from "../../../src/study/ranking";
import { figuresOf, storedSummary } from "../../../src/systems/dna-studies";

const noise = (text: string) => new Rng(1).fork(text).normal();

/** Accuracies that grow with the digits, less and less. */
const truth: TrueNetwork[] = canonicalKeys().map((key) => {
  const size = [...key].reduce((sum, digit) => sum + Number(digit), 0);
  const accuracy = 93 - 12 * Math.exp(-size / 4) + 0.2 * noise(key);
  return { key, accuracy, trainings: [accuracy, accuracy], macs: 1e7 + 6e6 * size + 1e4 * noise(key), params: size };
});

/** A study in a folder of its own with ratings of the given variants and seeds. */
function studyWith(...there: readonly (readonly [string, number])[]): StudyConfig {
  const root = mkdtempSync(join(tmpdir(), "stored-study-"));
  const file = join(root, "study.json");
  const cutsOf: Record<string, number[]> = { k3: [2, 5], k8: [1, 2, 3, 4, 5, 6, 7] };
  const variants = [
    { name: "k3", title: "three", seeds: [1, 2] },
    { name: "k8", title: "eight", cuts: cutsOf.k8 },
  ];
  writeFileSync(
    file,
    JSON.stringify({ name: "tiny", title: "tiny", results: "out", seeds: [1], experiment: {}, variants }),
  );
  mkdirSync(join(root, "out"));
  for (const [variant, seed] of there) {
    const cuts = cutsOf[variant];
    const space = nasBenchMacroSpace(cuts);
    const blocks = space.blocks.map((_, block) => {
      const digits = enumerateBlock(space, block).map(({ path }) => path.join(""));
      const size = (of: string) => [...of].reduce((sum, digit) => sum + Number(digit), 0);
      return Object.fromEntries(digits.map((of) => [of, 10 - size(of) + 0.5 * noise(`${seed}/${block}/${of}`)]));
    });
    const teacher = { architecture: "nas-bench-macro/22222222", accuracy: 0.8 };
    const raw = {
      variant,
      title: variant,
      seed,
      cuts,
      blocks,
      measures: { relativeL1: blocks },
      teacher,
      durationsMs: {},
    };
    writeJson(join(root, "out", `${variant}-seed${seed}.json`), raw);
  }
  return readStudy(file, root);
}

test("a study says which ratings are there and which are not, before any is", () => {
  const { variants, largestDifference } = storedStudy(studyWith(), truth);
  expect(variants.map(({ name, missing, raws, summary }) => [name, missing, raws, summary])).toEqual([
    ["k3", [1, 2], [], undefined],
    ["k8", [1], [], undefined],
  ]);
  expect(largestDifference).toBeUndefined();
});

test("what was stored is found again, with its intervals only as long as they are of the same ratings", () => {
  const study = studyWith(["k3", 1], ["k3", 2]);
  writeJson(figuresFile(study), storedSummary(figuresOf(study, truth, 1)));
  const all = storedStudy(study, truth);
  expect(all.largestDifference).toBeLessThan(1e-5);
  expect(all.variants[0].missing).toEqual([]);
  expect(all.variants[0].summary?.seeds).toEqual([1, 2]);
  expect(all.variants[0].intervals?.plain.tau).toHaveLength(2);
  expect(all.variants[1].summary).toBeUndefined();
  const [one] = storedStudy(study, truth, { seeds: 1 }).variants;
  expect([one.summary?.seeds, one.intervals]).toEqual([[1], undefined]);
});

test("of blocks that are the stages, a stage's tau is the block's own; of others it is there too", () => {
  const { variants } = storedStudy(studyWith(["k3", 1], ["k8", 1]), truth, { seeds: 1 });
  expect(variants[0].stageTaus).toEqual(variants[0].summary?.blockTaus);
  expect(stageTaus(truth, variants[1].raws[0], "relativeL1")).toEqual(variants[1].stageTaus);
  expect(variants[1].stageTaus?.every((tau) => tau > 0)).toBe(true);
});

test("the best sums know all with one block, and are farther from the truth the more blocks there are", () => {
  const errors = [[], [5], [2, 5], [2, 4, 6, 7], [1, 2, 3, 4, 5, 6, 7]].map((cuts) => {
    const scores = additiveScores(truth, cuts);
    return truth.reduce((sum, { accuracy }, i) => sum + (accuracy - scores[i]) ** 2, 0) / truth.length;
  });
  expect(errors[0]).toBeLessThan(1e-18);
  expect(errors[1]).toBeGreaterThan(0.01);
  expect(errors[2]).toBeGreaterThan(errors[1]);
  // Finer divisions of the same one can only lose.
  expect(errors[4]).toBeGreaterThan(errors[2]);
  expect(errors[4]).toBeGreaterThan(errors[3]);
  // Where the truth is a sum over layers, the sum over layers is found, though not all combinations are networks.
  const effect = (key: string) => [...key].reduce((sum, digit, i) => sum + noise(`${i}/${digit}`), 80);
  const sums = truth.map((network) => ({ ...network, accuracy: effect(network.key) }));
  const scores = additiveScores(sums, [1, 2, 3, 4, 5, 6, 7]);
  scores.forEach((score, i) => {
    expect(score).toBeCloseTo(sums[i].accuracy, 3);
  });
});

test("ratings by MACs put what is larger first, and know nothing of accuracies", () => {
  const blind = truth.map((network) => ({ ...network, accuracy: 0 }));
  for (const cuts of [[], [2, 5], [1, 2, 3, 4, 5, 6, 7]]) {
    const ratings = macsRatings(truth, cuts);
    expect(macsRatings(blind, cuts)).toEqual(ratings);
    for (const block of ratings) {
      const length = Object.keys(block)[0].length;
      expect(block["2".repeat(length)]).toBe(Math.min(...Object.values(block)));
    }
  }
  // With one block they are the MACs themselves.
  const scores = networkScores(truth, macsRatings(truth, []), []);
  scores.forEach((score, i) => {
    expect(Math.exp(score)).toBeCloseTo(truth[i].macs, -2);
  });
});

test("a difference is compared with the range of the seeds", () => {
  const seeds = [0.5, 0.56, 0.52].map((tau) => ({ tau }) as never);
  expect(seedRange(seeds).tau).toBeCloseTo(0.06, 12);
  expect(seedRange(seeds.slice(1, 2)).tau).toBeNaN();
  expect([0.05, -0.1, 0.2, Number.NaN].map((difference) => differenceVerdict(difference, 0.06))).toEqual([
    "as seeds differ",
    "hardly more than seeds",
    "more than seeds",
    "not known",
  ]);
});
