import { describe, expect, it } from "vitest";
import {
  discretised,
  formatCell,
  type MixedCell,
  mixedEdges,
  mixedGraph,
  POCKETNET_OPS,
  pocketNet,
} from "../../../src/space";

const small: MixedCell = { ops: ["none", "skip", "dw3"], nodes: 2 };

describe("a mixed cell", () => {
  it("has every operation but none on every edge", () => {
    expect(mixedEdges(small)).toBe(5);
    expect(formatCell(mixedGraph(small))).toBe(
      "skip(0)+dw3(0)+skip(1)+dw3(1) | skip(0)+dw3(0)+skip(1)+dw3(1)+skip(2)+dw3(2)",
    );
    expect(mixedEdges({ ops: POCKETNET_OPS, nodes: 4 })).toBe(14);
  });

  it("comes to the strongest operation of an edge and the two strongest edges of a node, never to none", () => {
    const weights = [
      [0.9, 0.06, 0.04],
      [0.1, 0.3, 0.6],
      [0.2, 0.5, 0.3],
      [0.8, 0.1, 0.1],
      [0.3, 0.3, 0.4],
    ];
    // Of equal operations the first; node 3 keeps the edges of 0.5 and 0.4.
    expect(formatCell(discretised(weights, small))).toBe("dw3(1)+skip(0) | skip(0)+dw3(2)");
  });

  it("refuses weights of another number, and some that are not finite", () => {
    expect(() => discretised([[1, 0, 0]], small)).toThrow(/must be 5 edges of 3 finite numbers, got 1 of 3/);
    const broken = Array.from({ length: 5 }, () => [0.1, Number.NaN, 0.1]);
    expect(() => discretised(broken, small)).toThrow(/not finite/);
    expect(() => mixedGraph({ ops: ["skip"], nodes: 2 })).toThrow(/at least two different operations/);
  });

  it("stands in PocketNet's design in place of the published cells", () => {
    const cells = { normal: discretised(Array(5).fill([0, 0.4, 0.6]), small), reduction: mixedGraph(small) };
    const own = pocketNet("own", { channels: 4, layers: 3, embedding: 8, cells, headChannels: 32 });
    expect(own.cells).toEqual(cells);
    expect(own.head).toEqual({ kind: "embedding", channels: 32 });
  });
});
