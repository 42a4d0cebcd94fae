import { SpaceError } from "../core";
import { conv } from "./layers";
import { placeCandidate } from "./ops";
import { layerOutput, outputShape } from "./shapes";
import type {
  Architecture,
  BlockSpace,
  BlockVariant,
  Candidate,
  ConvLayer,
  ImageShape,
  Layer,
  LayerPlace,
  SearchSpace,
} from "./types";

/** The block at an index. @throws SpaceError when there is none. */
export function blockAt(space: SearchSpace, block: number): BlockSpace {
  const found = space.blocks[block];
  if (!found) throw new SpaceError(`${space.name}: block must lie in 0..${space.blocks.length - 1}, got ${block}`);
  return found;
}

/** The cell at an index of a block. @throws SpaceError when there is none. */
export function cellAt(space: SearchSpace, block: number, cell: number): BlockVariant {
  const { cells } = blockAt(space, block);
  const found = cells[cell];
  if (!found)
    throw new SpaceError(`${space.name}, block ${block}: cell must lie in 0..${cells.length - 1}, got ${cell}`);
  return found;
}

/**
 * Strides of a cell's layers: each factor 2 of the block's stride falls on one of the first layers.
 * @throws SpaceError when the stride is no power of two or the cell is too shallow for it.
 */
export function cellStrides(stride: number, depth: number): number[] {
  const halvings = Math.log2(stride);
  if (!Number.isInteger(halvings) || halvings < 0) {
    throw new SpaceError(`cellStrides: a block's stride must be a power of two, got ${stride}`);
  }
  if (!Number.isSafeInteger(depth) || depth < Math.max(1, halvings)) {
    throw new SpaceError(
      `cellStrides: a cell in a block of stride ${stride} needs at least ${Math.max(1, halvings)} layers, got depth ${depth}`,
    );
  }
  return Array.from({ length: depth }, (_, i) => (i < halvings ? 2 : 1));
}

/**
 * Width and stride of each layer of a cell, as the assembled network has them.
 * @throws SpaceError when the cell is too shallow for the block's stride, or its own places do not fit its depth.
 */
export function cellPlaces(
  { stride }: Pick<BlockSpace, "stride">,
  { depth, width, layers }: BlockVariant,
): LayerPlace[] {
  if (!layers) return cellStrides(stride, depth).map((layerStride) => ({ width, stride: layerStride }));
  const product = layers.reduce((sum, place) => sum * place.stride, 1);
  if (layers.length !== depth || product !== stride || layers[depth - 1].width !== width) {
    throw new SpaceError(
      `cellPlaces: a cell's layers must be its depth of ${depth}, have the block's stride of ${stride} and end at its width of ${width}, got ${JSON.stringify(layers)}`,
    );
  }
  return [...layers];
}

/**
 * Shape that enters the cells of a block inside its supernet: the teacher's feature map, or, in block 0, what the
 * student's own stem makes of the image.
 */
export function supernetInput(space: SearchSpace, block: number): ImageShape {
  return block === 0 ? outputShape(space.stem, space.input) : blockAt(space, block).input;
}

/**
 * Layers of a cell in the **supernet**: `[layer][op]`. The first layer carries the stride, the last emits the teacher's
 * channels (so it is residual only where the cell is as wide as the teacher); with an adapter behind it, the cell's own.
 */
export function supernetLayers(space: SearchSpace, block: number, cell: number): Layer[][] {
  const { ops, output, adapter, ...rest } = blockAt(space, block);
  const places = cellPlaces(rest, cellAt(space, block, cell));
  let channels = supernetInput(space, block).channels;
  return places.map(({ width, stride }, layer) => {
    const before = channels;
    channels = layer === places.length - 1 && !adapter ? output.channels : width;
    return ops.map((op) => placeCandidate(op, before, channels, stride));
  });
}

/** What takes a cell's maps to the teacher's channels in the supernet, see `BlockSpace.adapter`; undefined where nothing does. */
export function adapterLayer(space: SearchSpace, block: number, cell: number): ConvLayer | undefined {
  const { adapter, output } = blockAt(space, block);
  if (!adapter || cellAt(space, block, cell).width === output.channels) return undefined;
  return conv(1, output.channels, { activation: "none" });
}

/**
 * Layers of a candidate in the **assembled** network, where the cell's width holds up to its end (the last layer is
 * residual there); what is counted and retrained.
 * @throws SpaceError when the candidate is none of the space.
 */
export function assembledLayers(space: SearchSpace, { block, cell, path }: Candidate): Layer[] {
  const { ops, ...rest } = blockAt(space, block);
  const places = cellPlaces(rest, cellAt(space, block, cell));
  if (path.length !== places.length) {
    throw new SpaceError(
      `${space.name}, block ${block}, cell ${cell}: a path has ${places.length} ops, got ${path.length}`,
    );
  }
  const entering = supernetInput(space, block).channels;
  return places.map(({ width, stride }, layer) => {
    const op = ops[path[layer]];
    if (!op) {
      throw new SpaceError(
        `${space.name}, block ${block}, cell ${cell}: op must lie in 0..${ops.length - 1}, got ${path[layer]}`,
      );
    }
    // Only an identity asks for what enters; where that matters, the cells before are as wide as the teacher (validateSpace).
    return placeCandidate(op, layer === 0 ? entering : places[layer - 1].width, width, stride);
  });
}

/**
 * The network of one candidate a block.
 * @throws SpaceError unless there is exactly one candidate for each block, in order.
 */
export function assemble(space: SearchSpace, candidates: readonly Candidate[], name?: string): Architecture {
  if (candidates.length !== space.blocks.length || candidates.some(({ block }, i) => block !== i)) {
    throw new SpaceError(
      `assemble: ${space.name} needs one candidate for each of its ${space.blocks.length} blocks in order, got blocks [${candidates.map(({ block }) => block)}]`,
    );
  }
  const { input, stem, head, classes, padding, batchNormEpsilon } = space;
  return {
    name: name ?? `${space.name}/${networkId(candidates)}`,
    input,
    stem,
    blocks: candidates.map((candidate) => assembledLayers(space, candidate)),
    head,
    classes,
    padding,
    batchNormEpsilon,
  };
}

/** "b2.c0.5-3-1" of a candidate: block, cell, ops; equal for equal candidates only. */
export function candidateId({ block, cell, path }: Candidate): string {
  return `b${block}.c${cell}.${path.join("-")}`;
}

/** "c0.5-3-1_c1.0-2" of one candidate a block. */
export function networkId(candidates: readonly Candidate[]): string {
  // Searchers make many: as text grows, without lists between.
  let id = "";
  for (const { cell, path } of candidates) {
    id += id === "" ? `c${cell}.` : `_c${cell}.`;
    for (let layer = 0; layer < path.length; layer++) id += layer === 0 ? path[layer] : `-${path[layer]}`;
  }
  return id;
}

/** Size after a number of halvings, as strides of 2 make it. */
export function strideBetween(input: ImageShape, output: ImageShape, place: string): number {
  let shape = input;
  for (let stride = 1; ; stride *= 2) {
    if (shape.height === output.height && shape.width === output.width) return stride;
    if (shape.height < output.height || shape.width < output.width || (shape.height === 1 && shape.width === 1)) {
      throw new SpaceError(
        `${place}: ${output.height}x${output.width} must come from ${input.height}x${input.width} by halving`,
      );
    }
    shape = layerOutput({ kind: "conv", kernelSize: 1, stride: 2, outChannels: 1, activation: "none" }, shape);
  }
}
