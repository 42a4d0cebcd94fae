import { describe, expect, it } from "vitest";
import { nearestName } from "../../src/core";

describe("nearestName", () => {
  it("finds what was meant: a letter more, less, another, swapped, or in another case", () => {
    const known = ["epochs", "learningRate", "seed", "mixUp"];
    expect(["epoch", "epohcs", "lerningrate", "sede", "mixup", "sead"].map((name) => nearestName(name, known))).toEqual(
      ["epochs", "epochs", "learningRate", "seed", "mixUp", "seed"],
    );
  });

  it("finds nothing where no name is near", () => {
    expect(nearestName("banana", ["epochs", "seed"])).toBeUndefined();
    expect(nearestName("x", ["macs"])).toBeUndefined();
    expect(nearestName("x", [])).toBeUndefined();
  });
});
