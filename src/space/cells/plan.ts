import { SpaceError } from "../../core";
import { checkShape, formatShape, sameShape } from "../shapes";
import type { ImageShape } from "../types";
import { outputStates } from "./graph";
import { bringToWidth, cellOpPrimitives, convolution, factorisedReduction } from "./ops";
import { type Primitive, primitivesOutput } from "./primitives";
import type { CellArchitecture, CellGraph, CellHead, StackedPart } from "./types";

/** Primitives one after another at their place. */
export interface PlacedPart {
  /** "stem", "cell3.input0", "cell3.node2.1" (the second operation of node 2), "residual5", "head". */
  readonly place: string;
  /** In short: "sep3(0)", "1x1", "factorised reduction". */
  readonly words: string;
  readonly input: ImageShape;
  readonly output: ImageShape;
  readonly primitives: readonly Primitive[];
}

/** A cell at its place in a network. */
export interface PlacedCell {
  readonly place: string;
  /** Name of the cell in the architecture. */
  readonly cell: string;
  /** What brings the outputs of the cells before to this one's width. */
  readonly inputs: readonly PlacedPart[];
  /** Operations of each node, to be added; `from` are their states. */
  readonly nodes: readonly (readonly (PlacedPart & { readonly from: number })[])[];
  /** States that are joined. */
  readonly joined: readonly number[];
  readonly output: ImageShape;
}

/** Everything of a network with its shapes: what is counted and built. */
export interface CellPlan {
  readonly stem: PlacedPart;
  readonly stack: readonly (PlacedCell | PlacedPart)[];
  /** What comes before pooling, or up to the embedding. */
  readonly head: PlacedPart;
}

function part(place: string, words: string, primitives: readonly Primitive[], input: ImageShape): PlacedPart {
  const output = primitivesOutput(primitives, input);
  checkShape(output, place);
  return { place, words, primitives, input, output };
}

/**
 * The parts of a network with their shapes.
 * @param input Another image `[height, width, channels]` than the architecture's own.
 * @throws SpaceError when shapes do not fit together; the message names the place.
 */
export function planCells(architecture: CellArchitecture, input: ImageShape = architecture.input): CellPlan {
  try {
    return planned(architecture, input);
  } catch (error) {
    if (!(error instanceof SpaceError)) throw error;
    throw new SpaceError(`${architecture.name}: ${error.message}`, error.details, { cause: error });
  }
}

function planned(architecture: CellArchitecture, input: ImageShape): CellPlan {
  const { stem: of, stack, style, head } = architecture;
  const { kernelSize, channels, padding } = of;
  const stem = part(
    "stem",
    `convolution ${kernelSize}x${kernelSize}${of.stride > 1 ? `, stride ${of.stride}` : ""}`,
    [
      {
        kind: "conv",
        kernel: [kernelSize, kernelSize],
        stride: [of.stride, of.stride],
        outChannels: channels,
        padding,
      },
      { kind: "norm" },
    ],
    input,
  );
  let [before, last] = [stem.output, stem.output];
  const placed = stack.map((item, i) => {
    const next =
      item.kind === "cell"
        ? placeCell(architecture, item, `cell${i}`, [before, last], i === 0)
        : part(`residual${i}`, "residual block 3x3", residualPrimitives(item, last, style.activation), last);
    [before, last] = [last, next.output];
    return next;
  });
  return { stem, stack: placed, head: part("head", headWords(head), headPrimitives(architecture, last), last) };
}

function placeCell(
  { cells, style }: CellArchitecture,
  { cell: name, width, stride }: Extract<StackedPart, { kind: "cell" }>,
  place: string,
  outputs: readonly [ImageShape, ImageShape],
  first: boolean,
): PlacedCell {
  const cell: CellGraph = cells[name];
  const inputs = cell.inputs === 1 ? [oneInput(outputs[1], width, place)] : twoInputs();
  const states = inputs.map(({ output }) => output);
  const nodes = cell.nodes.map((edges, i) => {
    const node = edges.map(({ op, from }, j) => {
      const entering = states[from];
      const own = from < cell.inputs ? stride : 1;
      const primitives = cellOpPrimitives(op, {
        inChannels: entering.channels,
        outChannels: width,
        stride: own,
        style,
      });
      return { ...part(`${place}.node${cell.inputs + i}.${j}`, `${op}(${from})`, primitives, entering), from };
    });
    for (const { output, place: at } of node) {
      if (sameShape(output, node[0].output)) continue;
      throw new SpaceError(
        `${at}: operations of a node must end alike, got ${formatShape(output)} and ${formatShape(node[0].output)}`,
      );
    }
    states.push(node[0].output);
    return node;
  });
  const joined = outputStates(cell);
  const { height, width: columns } = states[joined[0]];
  const output = { height, width: columns, channels: joined.reduce((sum, state) => sum + states[state].channels, 0) };
  checkShape(output, place);
  return { place, cell: name, inputs, nodes, joined, output };

  function twoInputs(): PlacedPart[] {
    const [before, last] = outputs;
    const shrinks = before.height !== last.height || before.width !== last.width;
    const raw = first && style.firstInput === "raw";
    return [
      raw
        ? part(`${place}.input0`, "the stem's map", [], before)
        : shrinks
          ? part(`${place}.input0`, "factorised reduction", factorisedReduction(style, width), before)
          : part(`${place}.input0`, "1x1", bringToWidth(style, width), before),
      part(`${place}.input1`, "1x1", bringToWidth(style, width), last),
    ];
  }
}

/** Cells of one input (NAS-Bench-201) read the map as it is. */
function oneInput(input: ImageShape, width: number, place: string): PlacedPart {
  if (input.channels !== width) {
    throw new SpaceError(
      `${place}: a cell of one input must be as wide as what enters, ${input.channels} channels, got ${width}; put a residual block before it`,
    );
  }
  return part(`${place}.input0`, "the map as it is", [], input);
}

/** NAS-Bench-201's reduction: two 3x3 convolutions, and around them a mean of 2x2 with a 1x1 convolution. */
function residualPrimitives(
  { width, stride }: Extract<StackedPart, { kind: "residual" }>,
  { channels }: ImageShape,
  activation: "relu" | "prelu",
): Primitive[] {
  const normed = (own: 1 | 2): Primitive[] => [
    { kind: "activation", activation },
    convolution([3, 3], width, [own, own]),
    { kind: "norm" },
  ];
  const around: Primitive[] =
    stride === 2
      ? [{ kind: "pool", pool: "avg", kernelSize: 2, stride: 2, padding: "valid" }, convolution([1, 1], width)]
      : channels === width
        ? []
        : [{ kind: "activation", activation }, convolution([1, 1], width), { kind: "norm" }];
  return [{ kind: "branches", join: "sum", branches: [around, [...normed(stride), ...normed(1)]] }];
}

function headWords(head: CellHead): string {
  if (head.kind === "embedding") return "embedding";
  return head.before === "nothing" ? "as it is" : head.before;
}

function headPrimitives({ head, style, classes }: CellArchitecture, map: ImageShape): Primitive[] {
  const activation: Primitive = { kind: "activation", activation: style.activation };
  const norm: Primitive = { kind: "norm" };
  if (head.kind === "classifier") {
    return { nothing: [], activation: [activation], "norm and activation": [norm, activation] }[head.before];
  }
  return [
    activation,
    convolution([1, 1], head.channels),
    norm,
    activation,
    { kind: "depthwise", kernel: [map.height, map.width], stride: 1, dilation: 1, padding: "valid" },
    norm,
    convolution([1, 1], classes),
    norm,
  ];
}
