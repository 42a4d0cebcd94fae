import {
  assembledLayers,
  blockAt,
  type Candidate,
  type ImageShape,
  layerOutput,
  outputShape,
  type SearchSpace,
} from "../space";
import { addCosts, type Cost, layerCost, layersCost, linearCost, NO_COST, poolCost } from "./layer-cost";

/** A cost by the width of the block before. */
export type ByWidth = Readonly<Record<number, number>>;

/** Costs of a candidate in the assembled network, each by the width of the block before. */
export interface PairwiseCost {
  readonly macs: ByWidth;
  readonly params: ByWidth;
  readonly activationBytes: ByWidth;
}

/** The quantities of {@link Cost} that a search may limit. */
const LIMITED = ["macs", "params", "activationBytes"] as const;

/** Widths that may enter a block of the assembled network: those of the cells before, or the stem's. Rising. */
export function enteringWidths(space: SearchSpace, block: number): number[] {
  if (block === 0) return [outputShape(space.stem, space.input).channels];
  const widths = blockAt(space, block - 1).cells.map(({ width }) => width);
  return [...new Set(widths)].sort((a, b) => a - b);
}

/** Size that enters a block of the assembled network, without its channels. */
export function enteringShape(space: SearchSpace, block: number): ImageShape {
  return block === 0 ? outputShape(space.stem, space.input) : blockAt(space, block - 1).output;
}

function byWidth(widths: readonly number[], cost: (width: number) => Cost): PairwiseCost {
  const costs = widths.map((width) => [width, cost(width)] as const);
  const column = (name: (typeof LIMITED)[number]) => Object.fromEntries(costs.map(([width, of]) => [width, of[name]]));
  return { macs: column("macs"), params: column("params"), activationBytes: column("activationBytes") };
}

/**
 * A cost model of a space: gives a candidate's cost in the **assembled** network by the width of the block before, on
 * which its first layer depends. Layers are counted once and looked up afterwards.
 */
export function ratingCosts(space: SearchSpace): (candidate: Candidate) => PairwiseCost {
  const counted = new Map<string, Cost>();
  return (candidate) => {
    const { block, cell, path } = candidate;
    const layers = assembledLayers(space, candidate);
    let shape: ImageShape = layerOutput(layers[0], enteringShape(space, block));
    const lookUp = (layer: number, input: ImageShape) => {
      const key = `${block} ${cell} ${layer} ${path[layer]} ${input.channels}`;
      const cost = counted.get(key) ?? layerCost(layers[layer], input);
      counted.set(key, cost);
      return cost;
    };
    let rest = NO_COST;
    for (let layer = 1; layer < layers.length; layer++) {
      rest = addCosts(rest, lookUp(layer, shape));
      shape = layerOutput(layers[layer], shape);
    }
    return byWidth(enteringWidths(space, block), (channels) =>
      addCosts(rest, lookUp(0, { ...enteringShape(space, block), channels })),
    );
  };
}

/** Cost of the student's stem. */
export function stemCost(space: SearchSpace): Cost {
  return layersCost(space.stem, space.input).cost;
}

/** Cost of head, pooling and classifier by the width of the last block. */
export function headCost(space: SearchSpace): PairwiseCost {
  const end = space.blocks.length;
  return byWidth(enteringWidths(space, end), (channels) => {
    const { cost, output } = layersCost(space.head, { ...enteringShape(space, end), channels });
    return addCosts(cost, poolCost(output), linearCost(output.channels, space.classes));
  });
}
