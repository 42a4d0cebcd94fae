import { describe, expect, test } from "vitest";
import { canonicalKeys, type TrueNetwork, tuningKeys } from "../../../src/benchmark";
import { divide, pairedTau, trueEffects, weightedMacs } from "../../../src/benchmark/ranking";
import { Rng } from "../../../src/core";
import { type RawRatings, summarise } from "../../../src/study/ranking";
import { aheadText, compareWithSpos, sposRows } from "../../../src/systems/dna-studies";
import type { SposRatings } from "../../../src/systems/spos";

const noise = (text: string) => new Rng(1).fork(text).normal();
const cuts = [2, 5];
const truth: TrueNetwork[] = canonicalKeys().map((key) => {
  const size = [...key].reduce((sum, digit) => sum + Number(digit), 0);
  const accuracy = 90 + size / 8 + 0.5 * noise(key);
  return { key, accuracy, trainings: [accuracy, accuracy], macs: 1e7 + 4e6 * size, params: size };
});
const effects = trueEffects(truth, cuts);

/** Ratings of a seed that know the candidates' true effects but for some noise. */
function raw(seed: number, spread = 0.2): RawRatings {
  const blocks = effects.map((of, block) =>
    Object.fromEntries([...of].map(([key, effect]) => [key, 95 - effect + spread * noise(`${seed}/${block}/${key}`)])),
  );
  return {
    variant: "dna",
    title: "dna",
    seed,
    cuts,
    blocks,
    measures: { relativeL1: blocks },
    teacher: { architecture: "nas-bench-macro/22222222", accuracy: 0.8 },
    durationsMs: {},
  } as unknown as RawRatings;
}

function spos(seed: number, keys: readonly string[], scoreOf: (key: string) => number): SposRatings {
  return { study: "x", seed, trainMs: 10, scores: Object.fromEntries(keys.map((key) => [key, scoreOf(key)])) } as never;
}

const networks = divide(truth);
const some = networks.reported.filter((_, i) => i % 40 === 0);
const keys = some.map(({ key }) => key);

function compare(supernets: readonly SposRatings[], raws: readonly RawRatings[]) {
  const variant = summarise(networks, raws, "relativeL1");
  const { weights } = weightedMacs(networks, truth, cuts);
  return compareWithSpos(supernets, raws, variant, networks, { truth, weights });
}

describe("SPOS beside other rankings", () => {
  test("is compared on just the networks that every seed rated and nobody tuned on", () => {
    const more = [...keys, ...networks.reported.slice(1, 30).map(({ key }) => key), ...tuningKeys().slice(0, 5)];
    const byNoise = (key: string) => noise(`spos/${key}`);
    const found = compare([spos(1, more, byNoise), spos(2, keys, byNoise)], [raw(1), raw(2)])!;
    expect(found.networks).toBe(some.length);
    const rows = sposRows(found);
    expect(rows).toHaveLength(6);
    expect(rows[0].name).toContain(`${some.length} networks (seeds 1 2)`);
    for (const { ahead } of rows.slice(1)) {
      expect(ahead!.mean).toBeGreaterThan(ahead!.interval[0]);
      expect(ahead!.mean).toBeLessThan(ahead!.interval[1]);
      expect(ahead!.interval[0]).toBeGreaterThan(0);
    }
  });

  test("is paired by seed, not by place, and a seed that only one of them has is left out", () => {
    // Seed 3's supernet says just what seed 3's blocks say: paired rightly, the two are one ranking.
    const third = raw(3);
    const byBlocks = (key: string) =>
      third.blocks[0][key.slice(0, 2)] + third.blocks[1][key.slice(2, 5)] + third.blocks[2][key.slice(5)];
    const found = compare([spos(3, keys, byBlocks), spos(9, keys, () => 1)], [raw(1), raw(2), third])!;
    expect(found.seeds).toEqual([3]);
    expect(found.ahead.paper).toEqual({ mean: 0, interval: [0, 0], bySeed: [0] });
    expect(aheadText(found.ahead.paper)).toBe("+0.000 (0.000 to 0.000)");
    expect(compare([spos(9, keys, () => 1)], [raw(1)])).toBeUndefined();
  });
});

test("a paired difference has a narrower interval than what its two rankings share", () => {
  const base = some.map(({ accuracy }) => accuracy + noise(`a${accuracy}`));
  const nearly = base.map((score, i) => score + 0.01 * noise(`b${i}`));
  const other = some.map((_, i) => noise(`c${i}`));
  const width = ({ interval: [low, high] }: { interval: readonly [number, number] }) => high - low;
  expect(width(pairedTau(some, [base], [nearly]))).toBeLessThan(width(pairedTau(some, [base], [other])) / 2);
});
