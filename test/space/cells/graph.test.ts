import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpaceError } from "../../../src/core";
import {
  CELL_OPS,
  type CellGraph,
  cellOpParts,
  cellOpWords,
  cellPreset,
  formatCell,
  outputStates,
  parseCell,
  parseCellArchitecture,
} from "../../../src/space";
import { anyCell } from "./any-cell";

describe("operations of cells", () => {
  it("are told apart by name and by words", () => {
    expect(new Set(CELL_OPS).size).toBe(CELL_OPS.length);
    expect(new Set(CELL_OPS.map(cellOpWords)).size).toBe(CELL_OPS.length);
    for (const op of CELL_OPS) {
      const { kind, kernelSize } = cellOpParts(op);
      expect(`${kind}${kernelSize || ""}`).toBe(op);
    }
  });
});

describe("a cell's short form", () => {
  it("reads back as the cell that it was written from", () => {
    fc.assert(
      fc.property(anyCell, (cell) => {
        const { inputs, output } = cell;
        expect(parseCell(formatCell(cell), { inputs, output })).toEqual(cell);
      }),
    );
  });

  it.each([
    ["sep3(0)+max3", /node 2: must be operations with their states.*got "max3"/],
    ["sep3(0) | sep2(1)", /node 3: operation "sep2" is not known; did you mean sep3\?/],
    ["sep3(0) | max3(3)", /node 3 must read a state from 0 to 2 .* got max3\(3\)/],
    ["", /node 2: must be operations/],
  ])("%j is refused", (text, message) => {
    expect(() => parseCell(text)).toThrow(message);
    expect(() => parseCell(text)).toThrow(SpaceError);
  });
});

describe("the output of a cell", () => {
  it("joins the nodes that no other reads, all, or those that are named", () => {
    const text = "sep3(0)+max3(1) | skip(0)+sep3(2) | avg3(1)+avg3(0)";
    expect(outputStates(parseCell(text))).toEqual([3, 4]);
    expect(outputStates(parseCell(text, { output: "all" }))).toEqual([2, 3, 4]);
    expect(outputStates(parseCell(text, { output: [2, 4] }))).toEqual([2, 4]);
  });

  it("always has a node, and none that another reads, unless asked for", () => {
    fc.assert(
      fc.property(anyCell, ({ inputs, nodes }) => {
        const joined = outputStates({ inputs, nodes, output: "unused" });
        expect(joined).toContain(inputs + nodes.length - 1);
        const read = nodes.flat().map(({ from }) => from);
        expect(joined.filter((state) => read.includes(state))).toEqual([]);
      }),
    );
  });
});

describe("a network of cells in a file", () => {
  const network = () => structuredClone(cellPreset("econas-g1")) as unknown as Record<string, unknown>;

  it("reads back as it was written, itself or under `architecture`", () => {
    const json = JSON.parse(JSON.stringify(network()));
    expect(parseCellArchitecture(json)).toEqual(network());
    expect(parseCellArchitecture({ architecture: json, accuracy: 1 })).toEqual(network());
  });

  const broken = (change: (of: ReturnType<typeof cellPreset> & Record<string, unknown>) => void) => {
    const of = network() as never;
    change(of);
    return of;
  };
  const graph = (of: { cells: Readonly<Record<string, CellGraph>> }) =>
    of.cells.normal as unknown as { nodes: { op: string; from: number }[][]; output: unknown };

  it.each([
    [
      "an unknown key",
      broken((of) => Object.assign(of, { clases: 3 })),
      /key "clases" is not known; did you mean classes\?/,
    ],
    ["a missing part", broken((of) => delete (of as { head?: unknown }).head), /file\.json: head/],
    [
      "an unknown operation",
      broken((of) => Object.assign(graph(of).nodes[0][0], { op: "seperable3" })),
      /cells\.normal: node 2: operation "seperable3" is not known/,
    ],
    [
      "a node that reads a later one",
      broken((of) => Object.assign(graph(of).nodes[1][0], { from: 3 })),
      /node 3 must read a state from 0 to 2/,
    ],
    ["a node that reads nothing", broken((of) => graph(of).nodes.push([])), /node 6 must have an operation/],
    [
      "an output of an input",
      broken((of) => Object.assign(graph(of), { output: [0] })),
      /output must be "unused", "all"/,
    ],
    ["an output twice", broken((of) => Object.assign(graph(of), { output: [2, 2] })), /each once, got \[2,2\]/],
    [
      "a stack of a cell that is not there",
      broken((of) => Object.assign(of.stack[3], { cell: "normale" })),
      /stack\.3: cell "normale" is not known; did you mean normal\?/,
    ],
    ["an image of no size", broken((of) => Object.assign(of.input, { height: 0 })), /height must be a whole number/],
    ["an even stem", broken((of) => Object.assign(of.stem, { kernelSize: 2 })), /stem\.kernelSize: must be odd/],
    ["no object", 3, /the whole/],
  ])("%s is refused with a sentence", (_, value, message) => {
    expect(() => parseCellArchitecture(value, "file.json")).toThrow(message);
    expect(() => parseCellArchitecture(value, "file.json")).toThrow(SpaceError);
  });
});
