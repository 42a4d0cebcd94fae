import { describe, expect, it } from "vitest";
import {
  blockTokens,
  chainSpace,
  edgeTokens,
  engine,
  geneTokens,
  joinedTokens,
  lstmPredictor,
  mlpPredictor,
  nasBench201Cells,
  parseCell,
  Rng,
  ridgePredictor,
  sharedTokens,
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

describe("tokens of cells", () => {
  const alphabet = { ops: ["skip", "sep3", "max3"] as const, states: 4 };
  const cell = parseCell("sep3(0)+max3(1) | skip(2)+skip(0)");

  it("are one an operation with its state, or four a block: states, then operations", () => {
    expect(edgeTokens(alphabet).tokens(cell)).toEqual([4, 9, 2, 0]);
    expect(edgeTokens(alphabet).vocabulary).toBe(12);
    expect(blockTokens(alphabet).tokens(cell)).toEqual([0, 1, 5, 6, 2, 0, 4, 4]);
    expect(blockTokens(alphabet).vocabulary).toBe(7);
  });

  it("stand side by side, each encoding with tokens of its own", () => {
    const both = joinedTokens(blockTokens(alphabet), edgeTokens(alphabet));
    expect(both.vocabulary).toBe(19);
    expect(both.tokens(cell)).toEqual([0, 1, 5, 6, 2, 0, 4, 4, 11, 16, 9, 7]);
    const shared = joinedTokens(sharedTokens(space), geneTokens(space));
    expect(shared.vocabulary).toBe(35);
    expect(shared.tokens("012340").slice(0, 6)).toEqual([0, 1, 2, 3, 4, 0]);
    expect(new Set(shared.tokens("333333")).size).toBe(7);
  });

  it("are refused for other operations, larger cells, and nodes that are no blocks", () => {
    expect(() => edgeTokens(alphabet).tokens(parseCell("sep5(0)"))).toThrow(/of skip, sep3, max3 .*got sep5\(0\)/);
    expect(() => edgeTokens({ ...alphabet, states: 2 }).tokens(cell)).toThrow(/states below 2, got skip\(2\)/);
    expect(() => blockTokens(alphabet).tokens(parseCell("skip(0)"))).toThrow(/must have two operations/);
    const { genes: _, ...bare } = space;
    expect(() => sharedTokens(bare)).toThrow(/must have genes/);
  });
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
