import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rng, SpaceError } from "../../../src/core";
import { cellNetworkCost } from "../../../src/cost";
import {
  type CellGraph,
  type CellPairSpace,
  canonicalCell,
  cellKey,
  dartsSpace,
  econasSpace,
  eeeaSpace,
  formatCell,
  nasBench201Cells,
  outputStates,
  PNAS_OPS,
  parseCell,
  pnasBlocks,
  pnasCellSpace,
} from "../../../src/space";
import { anyCell } from "./any-cell";

const seed = fc.nat(2 ** 20);

/** A cell with its nodes in another order that is allowed, and their operations in another. */
function shuffled(cell: CellGraph, rng: Rng): CellGraph {
  const { inputs, nodes, output } = cell;
  const places = new Map(Array.from({ length: inputs }, (_, state) => [state, state]));
  const left = new Set(nodes.keys());
  const order: number[] = [];
  while (left.size > 0) {
    const ready = [...left].filter((i) => nodes[i].every(({ from }) => places.has(from)));
    const next = rng.pick(ready);
    places.set(inputs + next, inputs + order.length);
    order.push(next);
    left.delete(next);
  }
  const moved = order.map((node) =>
    [...rng.permutation(nodes[node].length)].map((edge) => {
      const { op, from } = nodes[node][edge];
      return { op, from: places.get(from)! };
    }),
  );
  return {
    inputs,
    nodes: moved,
    output: typeof output === "string" ? output : output.map((state) => places.get(state)!),
  };
}

describe("the key of a cell", () => {
  it("is the same in every order of nodes and operations", () => {
    fc.assert(
      fc.property(anyCell, seed, (cell, order) => {
        const other = shuffled(cell, new Rng(order));
        expect(cellKey(other)).toBe(cellKey(cell));
        expect(canonicalCell(other)).toEqual(canonicalCell(cell));
      }),
      { numRuns: 300 },
    );
  });

  it("is that of the canonical cell, which is the same cell", () => {
    fc.assert(
      fc.property(anyCell, (cell) => {
        const canonical = canonicalCell(cell);
        expect(cellKey(canonical)).toBe(cellKey(cell));
        expect(canonicalCell(canonical)).toEqual(canonical);
        const ops = ({ nodes }: CellGraph) =>
          nodes
            .flat()
            .map(({ op }) => op)
            .sort();
        expect(ops(canonical)).toEqual(ops(cell));
        expect(outputStates(canonical)).toHaveLength(outputStates(cell).length);
      }),
    );
  });

  it("is one for each class of equal cells: as many as by comparing every order", () => {
    // All cells of three nodes of one operation, two kinds of it, one input: small enough to compare by force.
    const all: CellGraph[] = [];
    for (const a of ["skip", "max3"] as const)
      for (const b of ["skip", "max3"] as const)
        for (const c of ["skip", "max3"] as const)
          for (const fromB of [0, 1])
            for (const fromC of [0, 1, 2])
              all.push({
                inputs: 1,
                nodes: [[{ op: a, from: 0 }], [{ op: b, from: fromB }], [{ op: c, from: fromC }]],
                output: "unused",
              });
    const orders = (cell: CellGraph) =>
      [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
      ].flatMap((order) => {
        const nodes = order.map((i) =>
          cell.nodes[i].map(({ op, from }) => ({ op, from: from === 0 ? 0 : 1 + order.indexOf(from - 1) })),
        );
        return nodes.every((node, i) => node.every(({ from }) => from <= i)) ? [formatCell({ ...cell, nodes })] : [];
      });
    const byForce = new Set(all.map((cell) => orders(cell).sort()[0]));
    expect(new Set(all.map(cellKey)).size).toBe(byForce.size);
    expect(byForce.size).toBeLessThan(all.length);
  });

  it("tells one state read twice from two equal ones", () => {
    const [once, twice] = ["skip(0) | skip(0) | max3(2)+max3(2)", "skip(0) | skip(0) | max3(2)+max3(3)"];
    expect(cellKey(parseCell(once))).not.toBe(cellKey(parseCell(twice)));
  });

  it("does not exchange the inputs, and tells which nodes are joined", () => {
    expect(cellKey(parseCell("skip(0)"))).not.toBe(cellKey(parseCell("skip(1)")));
    const text = "skip(0) | max3(2)";
    expect(cellKey(parseCell(text))).not.toBe(cellKey(parseCell(text, { output: "all" })));
    expect(cellKey(parseCell(text))).toBe(cellKey(parseCell(text, { output: [3] })));
  });
});

describe("PNAS' space", () => {
  const space = pnasCellSpace();

  it("has 136, 300, 528, 820 and 1,176 different blocks by place, of 256 to 2,304 encodings", () => {
    expect(space.count()).toEqual([
      { states: 2, encodings: 256n, unique: 136n },
      { states: 3, encodings: 576n, unique: 300n },
      { states: 4, encodings: 1024n, unique: 528n },
      { states: 5, encodings: 1600n, unique: 820n },
      { states: 6, encodings: 2304n, unique: 1176n },
    ]);
    for (const [i, { unique }] of space.count().entries()) {
      const ways = pnasBlocks(PNAS_OPS, i + 2).map((node) =>
        node
          .map(({ op, from }) => `${op}(${from})`)
          .sort()
          .join("+"),
      );
      expect(BigInt(new Set(ways).size)).toBe(unique);
    }
  });

  it("begins with 136 different cells of one block, each of which grows to 300", () => {
    const smallest = space.smallest();
    expect(new Set(smallest.map(space.key)).size).toBe(136);
    for (const cell of [smallest[0], smallest[77], smallest[135]]) expect([...space.extend(cell)]).toHaveLength(300);
  });

  it("grows a cell by one block, to different cells, until it is complete", () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 1, max: 5 }), (of, blocks) => {
        const cell = space.sampleOf(blocks, new Rng(of));
        const grown = [...space.extend(cell)];
        if (blocks === 5) {
          expect(grown).toEqual([]);
          return;
        }
        expect(grown.length).toBeLessThanOrEqual(Number(space.count()[blocks].unique));
        const keys = new Set(grown.map(space.key));
        expect(keys.size).toBe(grown.length);
        for (const child of grown.slice(0, 20)) expect(child.nodes).toHaveLength(blocks + 1);
        // Whatever block is added, its cell is among them.
        const rng = new Rng(of).fork("blocks");
        for (let i = 0; i < 20; i++) {
          const block = [1, 2].map(() => ({ op: rng.pick(space.ops), from: rng.int(blocks + 2) }));
          expect(keys).toContain(space.key({ ...cell, nodes: [...cell.nodes, block] }));
        }
      }),
      { numRuns: 10 },
    );
  });

  it("takes a block on one of two equal blocks once", () => {
    const twins = parseCell("sep3(0)+skip(1) | sep3(0)+skip(1)");
    // 32 operations on states, pairs of them without order; those that read the second twin are those that read the first.
    const grown = [...space.extend(twins)];
    const bothOrOne = (8 * 7) / 2 + 8 + 8 * 16; // pairs within one twin, and of one twin with an input
    const across = 8 * 8; // one operation on each: its mirror image is another such pair, (8 * 8 - 8) / 2 of them
    expect(grown).toHaveLength(528 - bothOrOne - (across - 8) / 2);
  });

  it("changes a cell of any size in one gene", () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 1, max: 5 }), (of, blocks) => {
        const rng = new Rng(of);
        const cell = space.sampleOf(blocks, rng);
        const child = space.mutate(cell, rng);
        const genes = ({ nodes }: CellGraph) => nodes.flat().flatMap(({ op, from }) => [op, from]);
        expect(genes(child).filter((gene, i) => gene !== genes(cell)[i])).toHaveLength(1);
        expect(space.key(child)).not.toBe(space.key(cell));
      }),
    );
  });

  it("refuses genes of a cell that is not complete, cells of other operations and impossible sizes", () => {
    expect(() => space.encode(space.smallest()[0])).toThrow(/complete cell of 5 blocks, got 1/);
    expect(() => space.mutate(parseCell("inv3(0)+skip(1)"), new Rng(1))).toThrow(SpaceError);
    expect(() => space.sampleOf(6, new Rng(1))).toThrow(/1 to 5 blocks, got 6/);
    expect(() => pnasCellSpace(undefined, { blocks: 0 })).toThrow(/blocks must be 1 to 8/);
    expect(() => pnasCellSpace(undefined, { ops: ["skip", "skip"] })).toThrow(/different ones/);
  });
});

describe("spaces of pairs of cells", () => {
  it("EEEA-Net's has 2.5e10 cells and 6.1e20 pairs; EcoNAS' 2.4e11 and 5.8e22", () => {
    const [eeea, econas] = [eeeaSpace().count(), econasSpace().count()];
    expect(eeea).toEqual({ cells: 24_794_911_296n, networks: 24_794_911_296n ** 2n });
    expect([eeea.cells, eeea.networks, econas.cells, econas.networks].map((n) => Number(n).toExponential(1))).toEqual([
      "2.5e+10",
      "6.1e+20",
      "2.4e+11",
      "5.8e+22",
    ]);
  });

  it.each([
    ["darts", dartsSpace()],
    ["econas", econasSpace()],
    ["eeea", eeeaSpace()],
  ] as [string, CellPairSpace][])("%s changes one gene, and never reads what it may not", (name, space) => {
    fc.assert(
      fc.property(seed, (of) => {
        const rng = new Rng(of);
        const parent = space.sample(rng);
        const child = space.mutate(parent, rng);
        const [a, b] = [parent, child].map(space.encode);
        expect(a.filter((value, i) => value !== b[i])).toHaveLength(1);
        expect(space.key(child)).not.toBe(space.key(parent));
        const other = space.sample(rng);
        const [c, d] = [other, space.crossover(parent, other, rng)].map(space.encode);
        expect(d.every((value, i) => value === a[i] || value === c[i])).toBe(true);
        for (const cell of [child.normal, child.reduction]) {
          for (const [node, edges] of cell.nodes.entries()) {
            for (const { from } of edges) expect(from).toBeLessThan(name === "eeea" ? node + 1 : node + 2);
          }
        }
      }),
    );
  });

  it("gives networks that can be counted, of the scale that was asked for", () => {
    const scale = { channels: 8, layers: 5, input: { height: 28, width: 28, channels: 1 }, classes: 10 };
    for (const space of [dartsSpace(scale), econasSpace(scale), eeeaSpace(scale)]) {
      const rng = new Rng(1);
      for (let i = 0; i < 5; i++) {
        const cost = cellNetworkCost(space.architecture(space.sample(rng)));
        expect(cost.params).toBeGreaterThan(1000);
        expect(cost.input).toEqual(scale.input);
      }
    }
  });

  it("refuses a cell of another space", () => {
    const pair = econasSpace().decode(econasSpace().genes.map(() => 0));
    expect(() => eeeaSpace().encode(pair)).toThrow(/operation 1: op must be a whole number from 0 to 8, got -1/);
  });
});

describe("NAS-Bench-201's space", () => {
  it("has 15,625 cells, whose networks have the benchmark's operations", () => {
    const space = nasBench201Cells();
    expect(space.genes.reduce((product, { choices }) => product * choices, 1)).toBe(15_625);
    const [cell] = Object.values(space.architecture("012340").cells);
    expect(formatCell(cell)).toBe("none(0) | skip(0)+conv1(1) | conv3(0)+avg3(1)+none(2)");
  });
});
