import { SpaceError, shown, unknownName } from "../../core";
import type { Primitive } from "./primitives";
import type { CellOp, CellOpKind, CellStyle } from "./types";

/** Where an operation stands. */
export interface OpPlace {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly stride: 1 | 2;
  readonly style: CellStyle;
}

interface OfKind {
  /** Kernels that it has; none of an operation without one. */
  readonly kernels: readonly (1 | 3 | 5 | 7)[];
  /** In words, for tables and the mouse. */
  words(kernelSize: number): string;
  /** What it is made of. */
  primitives(kernelSize: number, place: OpPlace): Primitive[];
}

const norm: Primitive = { kind: "norm" };

function activation({ activation }: CellStyle): Primitive {
  return { kind: "activation", activation };
}

export function convolution(
  kernel: readonly [number, number],
  outChannels: number,
  stride: readonly [number, number] = [1, 1],
): Primitive {
  return { kind: "conv", kernel, stride, outChannels, padding: "symmetric" };
}

export function depthwise(kernelSize: number, stride: 1 | 2 = 1, dilation = 1): Primitive {
  return { kind: "depthwise", kernel: [kernelSize, kernelSize], stride, dilation, padding: "symmetric" };
}

/** A 1x1 convolution as the style has it, without what stands around it. */
function pointwise(style: CellStyle, outChannels: number, stride: 1 | 2): Primitive[] {
  return style.pointwise === "conv"
    ? [convolution([1, 1], outChannels, [stride, stride])]
    : [depthwise(1, stride), convolution([1, 1], outChannels)];
}

/** Brings a map to a width: activation, 1x1 convolution, batch norm. */
export function bringToWidth(style: CellStyle, outChannels: number, stride: 1 | 2 = 1): Primitive[] {
  return [activation(style), ...pointwise(style, outChannels, stride), norm];
}

/**
 * Halves a map without leaving out what lies between: one half of the channels from the even places, the other from the odd
 * ones (DARTS). Odd sides get a row and a column of zeros, as TensorFlow's NASNet does.
 */
export function factorisedReduction(style: CellStyle, outChannels: number): Primitive[] {
  const half = outChannels >> 1;
  const branches = [
    pointwise(style, half, 2),
    [{ kind: "shift" } as const, ...pointwise(style, outChannels - half, 2)],
  ];
  return [activation(style), { kind: "branches", join: "concat", branches }, norm];
}

function separable(kernelSize: number, outChannels: number, stride: 1 | 2, dilation: number, style: CellStyle) {
  return [activation(style), depthwise(kernelSize, stride, dilation), convolution([1, 1], outChannels), norm];
}

function pooling(pool: "max" | "avg"): OfKind["primitives"] {
  return (kernelSize, { inChannels, outChannels, stride, style }) => [
    { kind: "pool", pool, kernelSize, stride, padding: "symmetric" },
    ...(style.poolNorm ? [norm] : []),
    // Only of a map that was not brought to the cell's width.
    ...(inChannels === outChannels ? [] : [convolution([1, 1], outChannels), norm]),
  ];
}

/** What each kind of operation is. A new one needs an entry here and a colour in `viz`; the compiler asks for both. */
export const CELL_OP_KINDS: Readonly<Record<CellOpKind, OfKind>> = {
  none: {
    kernels: [],
    words: () => "zeros",
    primitives: (_, { outChannels, stride }) => [{ kind: "zero", stride, outChannels }],
  },
  skip: {
    kernels: [],
    words: () => "skip connection",
    primitives: (_, { inChannels, outChannels, stride, style }) => {
      if (stride === 1) return inChannels === outChannels ? [] : bringToWidth(style, outChannels);
      return style.stridedSkip === "conv"
        ? bringToWidth(style, outChannels, 2)
        : factorisedReduction(style, outChannels);
    },
  },
  max: {
    kernels: [3, 5, 7],
    words: (kernel) => `max pooling ${kernel}x${kernel}`,
    primitives: pooling("max"),
  },
  avg: {
    kernels: [3, 5, 7],
    words: (kernel) => `average pooling ${kernel}x${kernel}`,
    primitives: pooling("avg"),
  },
  sep: {
    kernels: [3, 5, 7],
    words: (kernel) => `separable convolution ${kernel}x${kernel}, applied twice`,
    primitives: (kernel, { outChannels, stride, style }) => [
      ...separable(kernel, outChannels, stride, 1, style),
      ...separable(kernel, outChannels, 1, 1, style),
    ],
  },
  dw: {
    kernels: [1, 3, 5, 7],
    words: (kernel) => `separable convolution ${kernel}x${kernel}, applied once`,
    primitives: (kernel, { outChannels, stride, style }) => separable(kernel, outChannels, stride, 1, style),
  },
  dil: {
    kernels: [3, 5, 7],
    words: (kernel) => `separable convolution ${kernel}x${kernel}, dilated by 2`,
    primitives: (kernel, { outChannels, stride, style }) => separable(kernel, outChannels, stride, 2, style),
  },
  asym: {
    kernels: [3, 5, 7],
    words: (kernel) => `1x${kernel}, then ${kernel}x1 convolution`,
    primitives: (kernel, { outChannels, stride, style }) => [
      activation(style),
      convolution([1, kernel], outChannels, [1, stride]),
      convolution([kernel, 1], outChannels, [stride, 1]),
      norm,
    ],
  },
  inv: {
    kernels: [3, 5, 7],
    words: (kernel) => `inverted residual ${kernel}x${kernel}, expansion 1`,
    primitives: (kernel, { inChannels, outChannels, stride, style }) => {
      const body = [
        ...bringToWidth({ ...style, pointwise: "conv" }, inChannels),
        activation(style),
        depthwise(kernel, stride),
        norm,
        convolution([1, 1], outChannels),
        norm,
      ];
      const residual = stride === 1 && inChannels === outChannels;
      return residual ? [{ kind: "branches", join: "sum", branches: [[], body] }] : body;
    },
  },
  conv: {
    kernels: [1, 3, 5, 7],
    words: (kernel) => `convolution ${kernel}x${kernel}`,
    primitives: (kernel, { outChannels, stride, style }) => [
      activation(style),
      convolution([kernel, kernel], outChannels, [stride, stride]),
      norm,
    ],
  },
};

/** Every operation that a cell can have. */
export const CELL_OPS: readonly CellOp[] = (Object.keys(CELL_OP_KINDS) as CellOpKind[]).flatMap((kind) => {
  const { kernels } = CELL_OP_KINDS[kind];
  return (kernels.length === 0 ? [kind] : kernels.map((kernel) => `${kind}${kernel}`)) as CellOp[];
});

const KNOWN: ReadonlySet<unknown> = new Set(CELL_OPS);

export function isCellOp(op: unknown): op is CellOp {
  return KNOWN.has(op);
}

/** @throws SpaceError with the nearest name when it is none of {@link CELL_OPS}. */
export function checkCellOp(op: unknown, where: string): asserts op is CellOp {
  if (typeof op !== "string") {
    throw new SpaceError(`${where}: an operation must be the name of one, e.g. "sep3", got ${shown(op)}`);
  }
  if (!isCellOp(op)) throw new SpaceError(`${where}: ${unknownName(`operation "${op}"`, op, CELL_OPS)}`, { op });
}

/** "sep" and 3 of "sep3"; a kernel of 0 of those that have none. */
export function cellOpParts(op: CellOp): { readonly kind: CellOpKind; readonly kernelSize: number } {
  const [, kind, kernel] = /^([a-z]+)(\d?)$/.exec(op) as unknown as [string, CellOpKind, string];
  return { kind, kernelSize: Number(kernel) };
}

/** "separable convolution 3x3, applied twice" of "sep3". */
export function cellOpWords(op: CellOp): string {
  const { kind, kernelSize } = cellOpParts(op);
  return CELL_OP_KINDS[kind].words(kernelSize);
}

/** What an operation is made of at its place. */
export function cellOpPrimitives(op: CellOp, place: OpPlace): Primitive[] {
  const { kind, kernelSize } = cellOpParts(op);
  return CELL_OP_KINDS[kind].primitives(kernelSize, place);
}
