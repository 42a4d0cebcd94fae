import { describe, expect, it } from "vitest";
import type { FrontNetwork } from "../../src/lab/values/front-network";
import { comparisons, errorOf, gainOver, standardError, verdict } from "../../src/retrain";

const network = (label: string, kind: FrontNetwork["kind"], macs: number, accuracy: number): FrontNetwork => ({
  dataset: "fashion-mnist",
  label,
  kind,
  macs,
  params: 1e5,
  accuracy,
  validationAccuracy: accuracy,
  images: 10_000,
});
const teacher = network("teacher", "teacher", 8e6, 0.92);
const random = [network("random 1", "random", 4e6, 0.9), network("random 2", "random", 4.1e6, 0.91)];

describe("verdict", () => {
  it("compares the found network of equal cost, not the largest", () => {
    const text = verdict([
      teacher,
      network("found 1", "found", 4e6, 0.915),
      network("found 2", "found", 7e6, 0.95),
      ...random,
    ]);
    expect(text).toContain("found 1 (4.00M MACs) reaches 91.50 %");
    expect(text).toContain("beats the random ones by 1.00 points on average (2 of 2 beaten)");
    expect(text).toContain("found 2, has 87.5 % of the teacher's MACs and lies 3.00 points above the teacher");
  });

  it("says it when the found network does not beat the random ones", () => {
    const text = verdict([teacher, network("found 1", "found", 4e6, 0.9), ...random]);
    expect(text).toContain("DOES NOT beat the random ones: it lies 0.50 points below them");
    expect(text).toContain("2.00 points below the teacher");
  });

  it("leaves out what was not measured, and says so: it neither wins nor spoils a mean", () => {
    const measured = [teacher, network("found 1", "found", 4e6, 0.915), ...random];
    const holed = [
      network("found 0", "found", 4e6, Number.NaN),
      ...measured,
      network("random 3", "random", Number.NaN, 0.99),
    ];
    expect(verdict(holed)).toBe(`${verdict(measured)} Left out, for they were not measured: found 0, random 3.`);
  });

  it("names how far MACs lie apart; a random network that is the found one stays a rival", () => {
    const found = network("found 1", "found", 4e6, 0.915);
    const text = verdict([
      found,
      network("random 1", "random", 5e6, 0.9),
      { ...found, label: "random 2", kind: "random", sameAs: "found 1" },
    ]);
    expect(text).toContain("random networks of MACs within 25 % 90.00 % and 91.50 %");
    expect(text).toContain("(1 of 2 beaten)");
    expect(verdict([found, random[0]])).toContain("random networks of equal MACs");
  });

  it("says it when a difference may be chance", () => {
    expect(verdict([network("found 1", "found", 4e6, 0.906), ...random])).toContain("so it may be chance");
    expect(verdict([network("found 1", "found", 4e6, 0.93), ...random])).not.toContain("so it may be chance");
  });

  it("has an error where all or none of the images are right: a hundred images prove no certainty", () => {
    const error = (accuracy: number) =>
      Number(
        verdict([network("found 1", "found", 4e6, accuracy), network("r", "random", 4e6, accuracy)]).match(
          /is (\d\.\d\d) points/,
        )?.[1],
      );
    expect(error(1)).toBeGreaterThan(0);
    expect(error(0)).toBeGreaterThan(0);
    expect(standardError(0.9, 10_000)).toBeCloseTo(0.003, 5);
  });

  it("says it when there is nothing to compare", () => {
    expect(verdict([teacher])).toContain("nothing to compare");
  });

  it("compares each budget with its own random networks and shrunk teacher, the rivals' spread in the error", () => {
    const spread = [0.88, 0.9, 0.91, 0.89];
    const at = (macs: number, from: number) =>
      spread.map((accuracy, i) => network(`random ${from + i}`, "random", macs * (1 + i / 100), accuracy));
    const networks = [
      network("found 1", "found", 2e6, 0.91),
      network("found 2", "found", 4e6, 0.93),
      ...at(2e6, 1),
      ...at(4e6, 5),
      network("shrunk 25%", "shrunk", 2.02e6, 0.92),
      network("shrunk 50%", "shrunk", 4e6, 0.9),
    ];
    const [low, high] = comparisons(networks);
    expect([low.random.length, high.random.length]).toEqual([4, 4]);
    expect([low.beaten, high.beaten]).toEqual([3, 4]);
    expect(low.overRandom!.difference).toBeCloseTo(0.015, 12);
    // Sample variance of the four is 1/6 of a point squared, in shares 1.6667e-4.
    const own = standardError(0.91, 10_000) ** 2;
    expect(low.overRandom!.standardError).toBeCloseTo(Math.sqrt(1.666667e-4 / 4 + own), 6);
    expect(low.shrunk[0].gain.difference).toBeCloseTo(-0.01, 12);
    const text = verdict(networks);
    expect(text).toContain("4 random networks of equal MACs 88.00 % to 91.00 %, 89.50 % on average");
    expect(text).toContain("(shrunk 25%) reaches 92.00 %: found 1 lies 1.00 points BELOW it");
    expect(text).toContain("(shrunk 50%) reaches 90.00 %: found 2 lies 3.00 points above it");
  });

  it("never takes the spread of a few that lie close by chance for less than their own errors", () => {
    const close = [network("random 1", "random", 4e6, 0.9), network("random 2", "random", 4e6, 0.9)];
    const [{ overRandom }] = comparisons([network("found 1", "found", 4e6, 0.91), ...close]);
    const [a, b] = [standardError(0.91, 10_000), standardError(0.9, 10_000)];
    expect(overRandom!.standardError).toBeCloseTo(Math.sqrt(a ** 2 + b ** 2 / 2), 12);
  });
});

describe("the gain of some networks over others", () => {
  const [a, b] = [network("a", "found", 1, 0.9), network("b", "found", 1, 0.92)];
  const [c, d] = [network("c", "random", 1, 0.89), network("d", "random", 1, 0.8901)];

  it("is the difference of means; spread and own errors of both sides are in its error", () => {
    const { difference, standardError: error } = gainOver([a, b], [c, d]);
    expect(difference).toBeCloseTo(0.91 - 0.89005, 12);
    // The first two lie further apart than their test images explain, the others closer.
    const own = (errorOf(c) ** 2 + errorOf(d) ** 2) / 2;
    expect(error).toBeCloseTo(Math.sqrt(0.0002 / 2 + own / 2), 12);
    expect(gainOver([c, d], [a, b])).toEqual({ difference: -difference, standardError: error });
  });

  it("needs a network on each side", () => {
    expect(() => gainOver([a], [])).toThrow(/got 1 and 0/);
  });
});
