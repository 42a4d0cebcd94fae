import { describe, expect, it } from "vitest";
import * as blockwise from "../../src";
import { ConfigError, Rng } from "../../src/core";
import { tableEvaluator } from "../../src/evaluate";
import { bruteForce, type RatingTable, searchBest, traversal } from "../../src/search";
import { pocketNet } from "../../src/space";

const space = blockwise.nasBench201Cells();
const table = {
  space: "small",
  stemWidth: 8,
  stemCost: { macs: 1, params: 1 },
  headCost: { macs: { 8: 1 }, params: { 8: 1 } },
  blocks: [[{ block: 0, cell: 0, path: [0], score: 1, width: 8, cost: { macs: { 8: 1 }, params: { 8: 1 } } }]],
} satisfies RatingTable;
const cell = blockwise.parseCell("sep3(0)+skip(1)");
const cells = { normal: cell, reduction: cell };
const searched = { seed: 1, maximise: "validation" };
const network = () => blockwise.nasBench201("334133");
const entries = new Map([["a", { validation: 1, test: 1, macs: 1, params: 1 }]]);

/** Each that takes options, with right ones; `more` is a misspelt one beside them. */
const CALLS: Readonly<Record<string, (more: object) => unknown>> = {
  dartsSpace: (more) => blockwise.dartsSpace({ channels: 4, layers: 3, ...more }),
  econasSpace: (more) => blockwise.econasSpace({ channels: 4, layers: 3, ...more }),
  eeeaSpace: (more) => blockwise.eeeaSpace({ channels: 4, layers: 3, ...more }),
  "pnasCellSpace, scale": (more) => blockwise.pnasCellSpace({ repeats: 1, channels: 4, ...more }),
  pnasCellSpace: (more) => blockwise.pnasCellSpace(undefined, more),
  pnasSpace: (more) => blockwise.pnasSpace({ network, ...more }),
  cellPairSpace: (more) =>
    blockwise.cellPairSpace({
      name: "x",
      ops: ["skip"],
      nodes: 1,
      reads: "every state",
      output: "all",
      network,
      ...more,
    }),
  dartsNetwork: (more) => blockwise.dartsNetwork("x", cells, { channels: 4, layers: 3, ...more }),
  pnasNetwork: (more) => blockwise.pnasNetwork("x", cell, { repeats: 1, channels: 4, ...more }),
  pocketNet: (more) => pocketNet("x", { channels: 4, layers: 3, embedding: 6, ...more }),
  nasBench201: (more) => blockwise.nasBench201("334133", more),
  parseCell: (more) => blockwise.parseCell("skip(0)", more),
  architectureFromTimm: (more) => blockwise.architectureFromTimm([["cn_r1_k3_s1_c8"]], more),
  blockSpace: (more) =>
    blockwise.blockSpace(blockwise.stageShapes(blockwise.architecturePreset("efficientnet-b0@28px")), more),
  conv: (more) => blockwise.conv(3, 8, more),
  mbconv: (more) => blockwise.mbconv([3], [6], more),
  residual: (more) => blockwise.residual([3], more),
  randomSearcher: (more) => blockwise.randomSearcher(space, { ...searched, ...more }),
  evolutionSearcher: (more) => blockwise.evolutionSearcher(space, { ...searched, ...more }),
  tpeSearcher: (more) => blockwise.tpeSearcher(space, { ...searched, ...more }),
  smboSearcher: (more) =>
    blockwise.smboSearcher(space, { ...searched, predictor: { fit: () => {}, predict: () => [] } as never, ...more }),
  progressiveSearcher: (more) =>
    blockwise.progressiveSearcher(
      { name: "x", key: String, smallest: () => [1], extend: () => [] },
      { ...searched, beam: 1, predictor: { fit: () => {}, predict: () => [] } as never, ...more },
    ),
  successiveHalving: (more) =>
    blockwise.successiveHalving(space, { ...searched, budgets: [{ epochs: 1 }, { epochs: 3 }], ...more }),
  hyperband: (more) => blockwise.hyperband(space, { ...searched, budgets: [{ epochs: 1 }, { epochs: 3 }], ...more }),
  nsga2Searcher: (more) => blockwise.nsga2Searcher(space, { seed: 1, maximise: ["validation"], ...more }),
  agingEvolution: (more) => blockwise.agingEvolution(table, { evaluations: 100, rng: new Rng(1), ...more }),
  randomSearch: (more) => blockwise.randomSearch(table, { evaluations: 1, rng: new Rng(1), ...more }),
  randomNetworks: (more) =>
    blockwise.randomNetworks(table, { near: 3, tolerance: 0.1, count: 1, rng: new Rng(1), ...more }),
  exactFront: (more) => blockwise.exactFront(table, more),
  searchBest: (more) => searchBest(table, {}, more),
  bruteForce: (more) => bruteForce(table, {}, more),
  traversal: (more) => traversal(table, {}, more),
  tableEvaluator: (more) => tableEvaluator({ name: "x", entries, ...more }),
};

describe.each(Object.entries(CALLS))("%s", (_, call) => {
  it("takes the right options, and refuses one that is misspelt, with those that there are", () => {
    expect(() => call({})).not.toThrow();
    expect(() => call({ nope: 1 })).toThrow(ConfigError);
    expect(() => call({ nope: 1 })).toThrow(/option "nope" is not known.*[Kk]nown are \w/);
  });
});

describe("a scale", () => {
  it.each([
    ["without one of its sizes", { layers: 3 } as never, /eeeaSpace: channels must be a whole number from 1, got null/],
    ["of no whole number", { channels: 1.5, layers: 3 }, /eeeaSpace: channels must be a whole number from 1, got 1.5/],
    ["that is none", 3 as never, /options must be an object/],
  ])("%s is refused", (_title, scale, message) => {
    expect(() => blockwise.eeeaSpace(scale)).toThrow(message);
  });
});
