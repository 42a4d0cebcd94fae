import { describe, expect, it } from "vitest";
import {
  chainSpace,
  engine,
  geneTokens,
  lstmPredictor,
  mlpPredictor,
  nasBench201Cells,
  Rng,
  ridgePredictor,
  spacePreset,
  tf,
} from "../../src";
import { predictorContract } from "./index";

engine.use("auto");
const small = { hidden: 16, steps: 60, members: 3 };
const space = nasBench201Cells();

describe.each([
  ["mlpPredictor", mlpPredictor],
  ["lstmPredictor", lstmPredictor],
] as const)("%s", (_, make) => {
  const create = (seed: number) => make(geneTokens(space), { seed, ...small });
  for (const { title, run } of predictorContract({ create, space })) it(title, run);

  it("leaves no tensor in the engine", () => {
    const before = tf.memory().numTensors;
    const predictor = create(1);
    predictor.fit([
      { architecture: "012340", value: 1 },
      { architecture: "332210", value: 2 },
    ]);
    predictor.predict(["444444"]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes sequences of different lengths, and guesses each as it would alone", () => {
    const tokens = { vocabulary: 5, tokens: (key: string) => Array.from(key, Number) };
    const predictor = make(tokens, { seed: 1, ...small });
    const rng = new Rng(2);
    const known = Array.from({ length: 30 }, () => {
      const architecture = Array.from({ length: 1 + rng.int(6) }, () => rng.int(5)).join("");
      return { architecture, value: architecture.length };
    });
    predictor.fit(known);
    const together = predictor.predict(["1", "1234", "012340"]);
    for (const [i, key] of ["1", "1234", "012340"].entries()) {
      expect(predictor.predict([key])[0].mean).toBeCloseTo(together[i].mean, 4);
    }
    expect(together[2].mean).toBeGreaterThan(together[0].mean);
  });
});

it("genes of a chain have tokens of their own", () => {
  const chain = chainSpace(spacePreset("dna-mini"));
  const { vocabulary, tokens } = geneTokens(chain);
  expect(vocabulary).toBe(chain.genes.reduce((sum, { choices }) => sum + choices, 0));
  const own = tokens(chain.sample(new Rng(1)));
  expect(new Set(own).size).toBe(own.length);
  expect([...own].sort((a, b) => a - b)).toEqual(own);
});

describe("ridgePredictor", () => {
  const create = () => ridgePredictor(geneTokens(space));
  for (const { title, run } of predictorContract({ create, space })) it(title, run);

  it("finds what each choice adds where choices add up, and is less sure of what it has not seen", () => {
    const predictor = ridgePredictor(geneTokens(space), { penalty: 1e-6 });
    const rng = new Rng(5);
    const worth = (key: string) => Array.from(key, Number).reduce((sum, digit, i) => sum + digit * (i + 1), 0);
    const known = Array.from({ length: 120 }, () => space.sample(rng)).filter((key) => key[0] !== "4");
    predictor.fit(known.map((architecture) => ({ architecture, value: worth(architecture) })));
    const [seen, unseen] = predictor.predict(["012301", "412301"]);
    expect(seen.mean).toBeCloseTo(worth("012301"), 3);
    expect(unseen.deviation).toBeGreaterThan(10 * seen.deviation);
  });
});
