import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError, checkOptions, type OptionRules, rule } from "../../src/core";

interface Options {
  readonly epochs: number;
  readonly learningRate?: number;
  readonly momentum?: number;
  readonly optimizer?: "sgd" | "adam";
  readonly rates?: number | readonly number[];
  readonly augment?: { readonly flip?: boolean };
}

const rules: OptionRules<Options> = {
  epochs: rule.wholeFrom(1),
  learningRate: rule.above(0),
  momentum: rule.below(0, 1),
  optimizer: rule.oneOf("sgd", "adam"),
  rates: rule.either(rule.above(0), rule.list(rule.above(0))),
  augment: rule.options<NonNullable<Options["augment"]>>({ flip: rule.boolean }),
};

const check = (given: unknown) => () => checkOptions("train", given, rules);

describe("checkOptions", () => {
  it("passes what is known and holds; undefined is not given", () => {
    const all = { epochs: 1, learningRate: 0.1, momentum: 0, optimizer: "sgd", rates: [1, 2], augment: { flip: true } };
    for (const given of [{}, all, { epochs: undefined }, { rates: 3 }, { rates: Float32Array.of(1) }]) {
      expect(check(given)).not.toThrow();
    }
  });

  it("refuses any other name, with the nearest", () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        if (Object.hasOwn(rules, name)) return;
        expect(check(Object.fromEntries([[name, 1]]))).toThrow(ConfigError);
      }),
    );
    expect(check({ epoch: 3 })).toThrow('train: option "epoch" is not known; did you mean epochs? Known are epochs, ');
    expect(check({ lr: 3 })).toThrow(/"lr" is not known; did you mean learningRate\?/);
    expect(check({ momentun: undefined })).toThrow(/did you mean momentum\?/);
    expect(check({ mixup: 3 })).toThrow(/"mixup" is not known; known are/);
    expect(check({ augment: { flips: true } })).toThrow(
      /option "augment.flips" is not known; did you mean augment.flip\?/,
    );
    expect(check({ constructor: 1 })).toThrow(/"constructor" is not known/);
  });

  it("refuses values that break their rule, and says what came", () => {
    const wrong: [object, RegExp][] = [
      [{ epochs: "3" }, /train: epochs must be a whole number from 1, got "3"/],
      [{ epochs: Number.NaN }, /got NaN/],
      [{ epochs: 1.5 }, /got 1.5/],
      [{ epochs: 0 }, /got 0/],
      [{ epochs: null }, /got null/],
      [{ epochs: 2n }, /got 2/],
      [{ learningRate: -1 }, /learningRate must be a number above 0, got -1/],
      [{ learningRate: Number.POSITIVE_INFINITY }, /got Infinity/],
      [{ momentum: 1 }, /momentum must be a number in \[0, 1\), got 1/],
      [{ optimizer: "SGD" }, /optimizer must be "sgd" or "adam", got "SGD"/],
      [{ rates: [1, Number.NaN] }, /rates must be .*, got \[1,"NaN"\]/],
      [{ rates: [] }, /rates must be/],
      [{ augment: true }, /augment must be an object with flip, got true/],
      [{ augment: { flip: 1 } }, /augment.flip must be true or false, got 1/],
      [{ augment: () => 1 }, /got a function/],
    ];
    for (const [given, message] of wrong) {
      expect(check(given)).toThrow(ConfigError);
      expect(check(given)).toThrow(message);
    }
  });

  it("refuses what is no object of options", () => {
    for (const given of [null, undefined, 3, "fast", [1], () => 1]) expect(check(given)).toThrow(/must be an object/);
  });
});
