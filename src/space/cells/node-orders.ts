import type { CellGraph } from "./types";

/**
 * The same cell with its nodes in every order in which each comes after what it reads, its own order first: one network but for
 * the order of the output's channels. For cells whose output joins all or the unused nodes.
 */
export function nodeOrders(cell: CellGraph): CellGraph[] {
  const { inputs, nodes } = cell;
  const orders: number[][] = [];
  const place = (order: readonly number[]): void => {
    if (order.length === nodes.length) orders.push([...order]);
    for (const [i, edges] of nodes.entries()) {
      const isReady = edges.every(({ from }) => from < inputs || order.includes(from - inputs));
      if (isReady && !order.includes(i)) place([...order, i]);
    }
  };
  place([]);
  return orders.map((order) => {
    const moved = (state: number) => (state < inputs ? state : inputs + order.indexOf(state - inputs));
    const reordered = order.map((node) => nodes[node].map(({ op, from }) => ({ op, from: moved(from) })));
    return { ...cell, nodes: reordered };
  });
}
