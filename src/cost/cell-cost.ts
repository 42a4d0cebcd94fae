import {
  type CellArchitecture,
  type ImageShape,
  type OfPrimitives,
  type PlacedCell,
  type PlacedPart,
  type Primitive,
  planCells,
  primitiveOutput,
  validateCells,
} from "../space";
import { addCosts, type Cost, linearCost, NO_COST, poolCost } from "./layer-cost";
import type { NetworkCost, PlacedCost } from "./network-cost";

const FLOAT_BYTES = 4;
const size = ({ height, width, channels }: ImageShape) => height * width * channels;

/** A bias-free convolution with so many weights for each output channel. */
function weighted(weightsPerChannel: number, output: ImageShape): Cost {
  const macs = weightsPerChannel * size(output);
  return {
    params: weightsPerChannel * output.channels,
    macs,
    flops: macs,
    activationBytes: FLOAT_BYTES * size(output),
  };
}

const COSTS: OfPrimitives<[input: ImageShape, output: ImageShape], Cost> = {
  activation: ({ activation }, { channels }) => ({ ...NO_COST, params: activation === "prelu" ? channels : 0 }),
  norm: (_, input) => ({ ...NO_COST, params: 2 * input.channels, flops: 2 * size(input) }),
  conv: ({ kernel: [height, width] }, { channels }, output) => weighted(height * width * channels, output),
  depthwise: ({ kernel: [height, width] }, _, output) => weighted(height * width, output),
  pool: () => NO_COST,
  zero: () => NO_COST,
  shift: () => NO_COST,
  branches: ({ branches }, input) => addCosts(...branches.map((branch) => primitivesCost(branch, input))),
};

/** Cost of primitives one after another on a map `[height, width, channels]`, for one image. */
export function primitivesCost(primitives: readonly Primitive[], input: ImageShape): Cost {
  let cost = NO_COST;
  let shape = input;
  for (const primitive of primitives) {
    const output = primitiveOutput(primitive, shape);
    const of = COSTS[primitive.kind] as (primitive: Primitive, input: ImageShape, output: ImageShape) => Cost;
    cost = addCosts(cost, of(primitive, shape, output));
    shape = output;
  }
  return cost;
}

/** Cost of one of the stacked parts, or of what is before and after them. */
export interface CellPartCost extends Cost {
  /** "stem", "cell 3", "residual 5", "head", "classifier". */
  readonly name: string;
  /** Name of the cell; what it is otherwise. */
  readonly layer: string;
  readonly output: ImageShape;
}

/** Cost of a network of cells: in all, by part, and by operation under `layers`. */
export interface CellNetworkCost extends NetworkCost {
  readonly parts: readonly CellPartCost[];
}

/**
 * Counts parameters, MACs, the papers' FLOPs and activation bytes of a network of cells, operation by operation.
 * @param input Another input `[height, width, channels]` than the architecture's own.
 * @throws SpaceError when the architecture is malformed.
 */
export function cellNetworkCost(
  architecture: CellArchitecture,
  input: ImageShape = architecture.input,
): CellNetworkCost {
  validateCells({ ...architecture, input });
  const { stem, stack, head } = planCells(architecture, input);
  const parts: CellPartCost[] = [];
  const layers: PlacedCost[] = [];
  const add = (name: string, layer: string, output: ImageShape, own: readonly PlacedCost[]) => {
    parts.push({ name, layer, output, ...addCosts(...own) });
    layers.push(...own);
  };
  add("stem", stem.words, stem.output, [costOf(stem)]);
  for (const item of stack) {
    if ("nodes" in item) add(item.place, item.cell, item.output, cellCosts(item));
    else add(item.place, item.words, item.output, [costOf(item)]);
  }
  add("head", head.words, head.output, [costOf(head)]);
  if (architecture.head.kind === "classifier") {
    const pooled = { height: 1, width: 1, channels: head.output.channels };
    const logits = { ...pooled, channels: architecture.classes };
    add("classifier", "average pool, linear", logits, [
      { name: "pool", layer: "average pool", input: head.output, output: pooled, ...poolCost(head.output) },
      {
        name: "classifier",
        layer: "linear",
        input: pooled,
        output: logits,
        ...linearCost(pooled.channels, architecture.classes),
      },
    ]);
  }
  return { name: architecture.name, input, ...addCosts(...layers), layers, parts };
}

function costOf({ place, words, primitives, input, output }: PlacedPart): PlacedCost {
  return { name: place, layer: words, input, output, ...primitivesCost(primitives, input) };
}

function cellCosts({ inputs, nodes }: PlacedCell): PlacedCost[] {
  return [...inputs, ...nodes.flat()].map(costOf);
}
