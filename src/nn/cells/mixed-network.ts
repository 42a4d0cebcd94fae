import { type Rng, SpaceError } from "../../core";
import { tf } from "../../engine";
import {
  type CellArchitecture,
  type CellGraph,
  computedOps,
  discretised,
  formatCell,
  type MixedCell,
  mixedEdges,
  mixedGraph,
} from "../../space";
import { CellNetwork, type EdgeWeights } from "./cell-network";

/** A search's mixture as numbers: for each kind of cell the softmax of its architecture parameters, `[edges][ops]`. */
export type MixedCells = Readonly<Record<string, readonly (readonly number[])[]>>;

/** Standard deviation of the first architecture parameters: near 0, every operation counts nearly alike. */
const FIRST = 1e-3;

/** A network whose cells all are the mixture. @throws SpaceError when the mixture cannot be, or a cell is another one. */
export function mixedArchitecture(
  where: string,
  mixed: MixedCell,
  network: (mixture: CellGraph) => CellArchitecture,
): CellArchitecture {
  const graph = mixedGraph(mixed);
  const architecture = network(graph);
  const other = Object.entries(architecture.cells).find(([, cell]) => formatCell(cell) !== formatCell(graph));
  if (!other) return architecture;
  throw new SpaceError(
    `${where}: cell ${other[0]} must be the mixture that the function is given, got ${formatCell(other[1])}`,
  );
}

/**
 * DARTS' continuous relaxation (Liu et al., ICLR 2019): on each edge of a cell every operation, weighted by a softmax over the
 * edge's architecture parameters, which all cells of a kind share.
 */
export class MixedCellNetwork extends CellNetwork {
  private readonly alphas: Readonly<Record<string, tf.Variable<tf.Rank.R2>>>;

  /**
   * @param network Makes the network of cells; those it is given are mixtures.
   * @throws SpaceError when the mixture cannot be, or the network is malformed.
   */
  constructor(
    readonly mixed: MixedCell,
    network: (mixture: CellGraph) => CellArchitecture,
    rng: Rng,
  ) {
    const architecture = mixedArchitecture("MixedCellNetwork", mixed, network);
    super(architecture, rng);
    const drawing = rng.fork("alpha");
    const edges = mixedEdges(mixed);
    this.alphas = Object.fromEntries(
      Object.keys(architecture.cells).map((name) => {
        const own = drawing.fork(name);
        const values = Float32Array.from({ length: edges * mixed.ops.length }, () => FIRST * own.normal());
        return [name, this.parameter(`alpha.${name}`, tf.tensor2d(values, [edges, mixed.ops.length]))];
      }),
    );
  }

  /** Architecture parameters by name, `[edges, ops]` each. */
  architectureParameters(): Map<string, tf.Variable> {
    return new Map([...this.parameters()].filter(([name]) => name.startsWith("alpha.")));
  }

  /** Weights by name. Batch norms inside the cells neither scale nor shift, which the architecture parameters would undo (DARTS). */
  weights(): Map<string, tf.Variable> {
    const fixed = /^cell\d+\..*(gamma|beta)$/;
    return new Map([...this.parameters()].filter(([name]) => !name.startsWith("alpha.") && !fixed.test(name)));
  }

  /** How much each operation of each edge counts. */
  mixture(): MixedCells {
    return Object.fromEntries(
      Object.entries(this.alphas).map(([name, alpha]) => [
        name,
        tf.tidy(() => (tf.softmax(alpha) as tf.Tensor2D).arraySync()),
      ]),
    );
  }

  /** The cells that a mixture, the present one when left out, comes to, by name. */
  cells(mixture: MixedCells = this.mixture()): Readonly<Record<string, CellGraph>> {
    return Object.fromEntries(Object.entries(mixture).map(([name, rows]) => [name, discretised(rows, this.mixed)]));
  }

  /** For each kind of cell and node the weight of each operation, in the order of the graph. */
  protected override edgeWeights(): EdgeWeights {
    const { ops, nodes } = this.mixed;
    const places = computedOps(this.mixed).map(({ place }) => place);
    return Object.fromEntries(
      Object.entries(this.alphas).map(([name, alpha]) => {
        const all = tf.unstack(tf.reshape(tf.softmax(alpha), [alpha.size])) as tf.Scalar[];
        let first = 0;
        const ofNodes = Array.from({ length: nodes }, (_, node) => {
          const own = Array.from({ length: node + 2 }, (_, from) =>
            places.map((place) => all[(first + from) * ops.length + place]),
          ).flat();
          first += node + 2;
          return own;
        });
        return [name, ofNodes];
      }),
    );
  }
}
