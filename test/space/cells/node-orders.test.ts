import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CellGraph, nodeOrders } from "../../../src/space";

/** A cell of two inputs, each node reading two states before it. */
const cells = fc
  .tuple(...[0, 1, 2].map((node) => fc.tuple(fc.nat(node + 1), fc.nat(node + 1))))
  .map((reads): CellGraph => {
    const nodes = reads.map((froms, node) => froms.map((from, edge) => ({ op: `op${node}${edge}`, from })));
    return { inputs: 2, nodes, output: "all" } as unknown as CellGraph;
  });

/** What a state computes, in words: the same in every order. */
function meaning({ inputs, nodes }: CellGraph, state: number): string {
  if (state < inputs) return `input ${state}`;
  const of = { inputs, nodes } as CellGraph;
  return `(${nodes[state - inputs].map(({ op, from }) => `${op} of ${meaning(of, from)}`).join(" + ")})`;
}

describe("nodeOrders", () => {
  it("has the cell itself first, and of each order the same nodes, none before what it reads", () => {
    fc.assert(
      fc.property(cells, (cell) => {
        const orders = nodeOrders(cell);
        expect(orders[0]).toEqual(cell);
        const meanings = (one: CellGraph) => one.nodes.map((_, node) => meaning(one, one.inputs + node));
        for (const order of orders) {
          order.nodes.forEach((edges, node) => {
            for (const { from } of edges) expect(from).toBeLessThan(order.inputs + node);
          });
          expect(meanings(order).sort()).toEqual(meanings(cell).sort());
        }
        expect(new Set(orders.map((order) => meanings(order).join())).size).toBe(orders.length);
      }),
    );
  });

  it("has as many as there are ways: six of three nodes that read the inputs alone, one of a chain", () => {
    const cell = (...froms: number[]) =>
      ({ inputs: 2, nodes: froms.map((from, i) => [{ op: `op${i}`, from }]), output: "all" }) as unknown as CellGraph;
    expect(nodeOrders(cell(0, 1, 0))).toHaveLength(6);
    expect(nodeOrders(cell(0, 2, 3))).toHaveLength(1);
    expect(nodeOrders(cell(0, 2, 1))).toHaveLength(3);
  });
});
