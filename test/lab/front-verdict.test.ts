import { describe, expect, it } from "vitest";
import type { FrontNetwork } from "../../src/lab/front-network";
import { verdict } from "../../src/lab/front-verdict";
import { standardError } from "../../src/lab/numbers";

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
});
