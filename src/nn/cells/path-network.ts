import { type Rng, SpaceError } from "../../core";
import { type CellArchitecture, type CellGraph, computedOps, formatCell, type MixedCell } from "../../space";
import { CellNetwork, type EdgeWeights } from "./cell-network";
import { mixedArchitecture } from "./mixed-network";

/**
 * Weight sharing among cells: a network that has every operation on every edge of its cells, of which one cell at a time is
 * computed, the path. All cells of the mixture have their weights in it.
 */
export class PathCellNetwork extends CellNetwork {
  private weights?: EdgeWeights;

  /**
   * @param network Makes the network of cells; those it is given are mixtures.
   * @throws SpaceError when the mixture cannot be, or the network is malformed.
   */
  constructor(
    readonly mixed: MixedCell,
    network: (mixture: CellGraph) => CellArchitecture,
    rng: Rng,
  ) {
    super(mixedArchitecture("PathCellNetwork", mixed, network), rng);
  }

  /**
   * From now on this cell is computed, in all places of the network.
   * @throws SpaceError unless it is a cell of the mixture: of as many nodes, each edge another one of its edges.
   */
  take(cell: CellGraph): void {
    const nodes = cell.nodes.map((edges, node) => {
      const taken = new Set(edges.map(({ op, from }) => `${op}(${from})`));
      const own = Array.from({ length: node + 2 }, (_, from) =>
        computedOps(this.mixed).map(({ op }) => (taken.delete(`${op}(${from})`) ? 1 : 0)),
      ).flat();
      const count = own.filter((weight) => weight === 1).length;
      if (count === edges.length && count > 0) return own;
      throw new SpaceError(
        `PathCellNetwork: each node must have different operations of ${this.mixed.ops.join(", ")}, none of them zeros, got ${formatCell(cell)}`,
      );
    });
    if (nodes.length !== this.mixed.nodes) {
      throw new SpaceError(
        `PathCellNetwork: the cell must have ${this.mixed.nodes} nodes as the mixture has, got ${formatCell(cell)}`,
      );
    }
    this.weights = Object.fromEntries(Object.keys(this.architecture.cells).map((name) => [name, nodes]));
  }

  /** @throws SpaceError when no path was taken. */
  protected override edgeWeights(): EdgeWeights {
    if (this.weights) return this.weights;
    throw new SpaceError("PathCellNetwork: a path must be taken before anything is computed, see take()");
  }
}
