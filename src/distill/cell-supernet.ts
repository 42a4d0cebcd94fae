import type { Rng } from "../core";
import { tf } from "../engine";
import { buildLayer, type ForwardContext, Module, Sequential } from "../nn";
import {
  adapterLayer,
  canonical,
  cellAt,
  channelsAfter,
  type SearchSpace,
  supernetInput,
  supernetLayers,
} from "../space";
import type { Path } from "./path-sampler";

export interface PathContext extends ForwardContext {
  /** One op index a layer. */
  readonly path: Path;
}

/**
 * One cell of a block with all its candidate operations; a path through it is a candidate. In block 0 the student's stem
 * comes before, and belongs to the cell.
 */
export class CellSupernet extends Module {
  /** Present in block 0 alone. */
  readonly stem?: Sequential;
  /** `[layer][op]` */
  readonly layers: readonly (readonly Module[])[];
  /** Behind the last layer where the cell has its own width: to the teacher's channels; no part of a candidate. */
  readonly adapter?: Module;
  readonly depth: number;
  readonly opsPerLayer: number;
  /** Whether a path is a candidate: where there are identities, only the canonical ones are. */
  readonly isCandidate: (path: Path) => boolean;
  private readonly names: { readonly around: ParameterMap; readonly ops: readonly (readonly ParameterMap[])[] };

  constructor(
    readonly space: SearchSpace,
    readonly block: number,
    readonly cell: number,
    rng: Rng,
  ) {
    super();
    const own = cellAt(space, block, cell);
    this.depth = own.depth;
    this.opsPerLayer = space.blocks[block].ops.length;
    if (block === 0) this.stem = this.child("stem", buildStem(space, rng.fork("stem")));
    let { channels } = supernetInput(space, block);
    this.isCandidate = canonical(space.blocks[block], own, channels);
    this.layers = supernetLayers(space, block, cell).map((ops, layer) => {
      const modules = ops.map((op, i) =>
        this.child(`layer${layer}.op${i}`, buildLayer(op, channels, space, rng.fork(`layer${layer}/op${i}`))),
      );
      channels = channelsAfter(ops[0], channels);
      return modules;
    });
    const adapter = adapterLayer(space, block, cell);
    if (adapter) this.adapter = this.child("adapter", buildLayer(adapter, channels, space, rng.fork("adapter")));
    this.names = {
      around: new Map([...prefixed("stem", this.stem), ...prefixed("adapter", this.adapter)]),
      ops: this.layers.map((ops, layer) => ops.map((op, i) => prefixed(`layer${layer}.op${i}`, op))),
    };
  }

  /** What the candidate of a path makes of the teacher's previous features (block 0: of images), `[batch, height, width, channels]`. */
  forward(x: tf.Tensor4D, { path, ...context }: PathContext): tf.Tensor4D {
    return tf.tidy(() => {
      let y = this.stem ? this.stem.forward(x, context) : x;
      for (const [layer, op] of path.entries()) {
        // The teacher's features, which the first layer sees where there is no stem, learn nothing.
        const inputGradient = layer > 0 || this.stem !== undefined;
        y = this.layers[layer][op].forward(y, { ...context, inputGradient });
      }
      return this.adapter ? this.adapter.forward(y, context) : y;
    });
  }

  /** The parameters that a path uses, the stem's and the adapter's included, by the names of `parameters()`. */
  pathParameters(path: Path): ParameterMap {
    return new Map([...this.names.around, ...path.flatMap((op, layer) => [...this.names.ops[layer][op]])]);
  }
}

type ParameterMap = Map<string, tf.Variable>;

function buildStem(space: SearchSpace, rng: Rng): Sequential {
  let { channels } = space.input;
  return new Sequential(
    space.stem.map((layer, i) => {
      const module = buildLayer(layer, channels, space, rng.fork(String(i)));
      channels = channelsAfter(layer, channels);
      return module;
    }),
  );
}

function prefixed(prefix: string, module?: Module): ParameterMap {
  return new Map([...(module?.parameters() ?? [])].map(([name, variable]) => [`${prefix}.${name}`, variable]));
}
