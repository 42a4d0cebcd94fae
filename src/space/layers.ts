import { SpaceError } from "../core";
import type {
  Activation,
  CandidateOp,
  ConvLayer,
  IdentityLayer,
  Layer,
  MBConvLayer,
  MBConvOp,
  ResidualLayer,
} from "./types";

/** Convolution + batch norm + activation; stride 1 and SiLU unless said otherwise. */
export function conv(
  kernelSize: number,
  outChannels: number,
  { stride = 1, activation = "silu" }: { stride?: number; activation?: Activation } = {},
): ConvLayer {
  return { kind: "conv", kernelSize, stride, outChannels, activation };
}

/** An MBConv at its place: with its stride and output channels. */
export function placeOp(op: MBConvOp, outChannels: number, stride = 1): MBConvLayer {
  const { kernelSize, expansion, seRatio, activation } = op;
  return { kind: "mbconv", kernelSize, stride, expansion, outChannels, seRatio, activation };
}

/** A candidate operation at its place, behind so many channels. */
export function placeCandidate(op: CandidateOp, inChannels: number, outChannels: number, stride: number): Layer {
  if (op.kind !== "identity") return placeOp(op, outChannels, stride);
  const changes = stride !== 1 || inChannels !== outChannels;
  return changes ? conv(1, outChannels, { stride, activation: "none" }) : identity;
}

/** Passes its input on. */
export const identity: IdentityLayer = { kind: "identity" };

/**
 * The candidate operations of kernels x expansions, expansion-major in the order given: `mbconv([3, 5, 7], [6, 3])` is
 * e6k3, e6k5, e6k7, e3k3, e3k5, e3k7 (DNA's order).
 * @throws SpaceError for an empty list, or a kernel or expansion that is no operation.
 */
export function mbconv(
  kernels: readonly number[],
  expansions: readonly number[],
  { seRatio = 0.25, activation = "silu" }: { seRatio?: number; activation?: Activation } = {},
): MBConvOp[] {
  if (kernels.length === 0 || expansions.length === 0) {
    throw new SpaceError(
      "mbconv: at least one kernel and one expansion are needed, got none; e.g. mbconv([3, 5], [6, 3])",
    );
  }
  const ops = expansions.flatMap((expansion) =>
    kernels.map((kernelSize) => ({ kernelSize, expansion, seRatio, activation })),
  );
  for (const op of ops) checkLayer(placeOp(op, 1), "mbconv");
  return ops;
}

/** "e6k3" of a candidate operation; "id" of none. */
export function opName(op: CandidateOp): string {
  return op.kind === "identity" ? "id" : `e${op.expansion}k${op.kernelSize}`;
}

/** Channels that leave a layer. */
export function channelsAfter(layer: Layer, inChannels: number): number {
  return layer.kind === "identity" || layer.kind === "maxpool" ? inChannels : layer.outChannels;
}

/** The convolutions that a ResNet block is made of, in a row and around; the activation after the sum is not among them. */
export function residualConvolutions(
  { design, kernelSize, stride, innerChannels, outChannels, activation }: ResidualLayer,
  inChannels: number,
): { readonly main: readonly ConvLayer[]; readonly shortcut?: ConvLayer } {
  const main =
    design === "basic"
      ? [conv(kernelSize, innerChannels, { stride, activation }), conv(kernelSize, outChannels, { activation: "none" })]
      : [
          conv(1, innerChannels, { activation }),
          conv(kernelSize, innerChannels, { stride, activation }),
          conv(1, outChannels, { activation: "none" }),
        ];
  const changes = stride !== 1 || inChannels !== outChannels;
  return { main, ...(changes && { shortcut: conv(1, outChannels, { stride, activation: "none" }) }) };
}

/** Whether an MBConv adds its input to its output: stride 1 and equal channels, unless the layer says otherwise. */
export function hasResidual(layer: MBConvLayer, inChannels: number): boolean {
  return layer.residual ?? (layer.stride === 1 && layer.outChannels === inChannels);
}

/** Squeeze width of an MBConv's squeeze-excite: a part of its **input** channels; 0 without squeeze-excite. */
export function squeezeWidth({ seRatio }: { seRatio: number }, inChannels: number): number {
  return seRatio > 0 ? Math.max(1, Math.floor(seRatio * inChannels)) : 0;
}

const KINDS: readonly Layer["kind"][] = ["conv", "mbconv", "residual", "maxpool"];

const isCount = (value: number) => Number.isSafeInteger(value) && value >= 1;

/**
 * Checks the numbers of one layer.
 * @throws SpaceError naming the place, the rule and the value.
 */
export function checkLayer(layer: Layer, place: string): void {
  if (layer.kind === "identity") return;
  if (!KINDS.includes(layer.kind)) {
    throw new SpaceError(
      `${place}: kind must be identity, ${KINDS.join(", ")}, got ${JSON.stringify((layer as Layer).kind)}`,
    );
  }
  const { kernelSize, stride } = layer;
  if (!isCount(kernelSize) || kernelSize % 2 === 0) {
    throw new SpaceError(`${place}: kernelSize must be odd and positive, got ${kernelSize}`);
  }
  if (!isCount(stride)) throw new SpaceError(`${place}: stride must be a whole number from 1, got ${stride}`);
  if (layer.kind === "maxpool") return;
  const { outChannels } = layer;
  if (!isCount(outChannels))
    throw new SpaceError(`${place}: outChannels must be a whole number from 1, got ${outChannels}`);
  if (layer.kind === "conv") return;
  if (layer.kind === "residual") {
    if (isCount(layer.innerChannels)) return;
    throw new SpaceError(`${place}: innerChannels must be a whole number from 1, got ${layer.innerChannels}`);
  }
  if (!isCount(layer.expansion)) {
    throw new SpaceError(`${place}: expansion must be a whole number from 1, got ${layer.expansion}`);
  }
  if (!(layer.seRatio >= 0 && layer.seRatio <= 1)) {
    throw new SpaceError(`${place}: seRatio must lie in [0, 1] (0: no squeeze-excite), got ${layer.seRatio}`);
  }
}
