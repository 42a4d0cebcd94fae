import { checkOptions, MOST, type OptionRules, rule, SpaceError, shown, unknownName } from "../core";
import type {
  Activation,
  Architecture,
  ConvLayer,
  ConvOp,
  IdentityLayer,
  Layer,
  MBConvLayer,
  ResidualLayer,
} from "./types";

interface ConvOptions {
  readonly stride?: number;
  readonly activation?: Activation;
}

/** Values are checked where the layer or op is, see {@link checkLayer}. */
const LAYER_RULES: OptionRules<ConvOptions> = { stride: rule.any, activation: rule.any };
const OP_RULES: OptionRules<Omit<ConvOptions, "stride">> = { activation: rule.any };

/**
 * Convolution + batch norm + activation: a layer, or, from a list of kernels, candidate operations. Stride 1 and SiLU unless
 * said otherwise.
 *
 * `conv(3, 16, { stride: 2 })` is a layer, e.g. of a stem; `conv([3, 5])` are two ops, to stand beside `mbconv(...)`.
 * @throws SpaceError for an empty list, or a kernel that is none; ConfigError for an option that is not known.
 */
export function conv(kernels: readonly number[], options?: Omit<ConvOptions, "stride">): ConvOp[];
export function conv(kernelSize: number, outChannels: number, options?: ConvOptions): ConvLayer;
export function conv(
  kernels: number | readonly number[],
  second?: number | Omit<ConvOptions, "stride">,
  third: ConvOptions = {},
): ConvLayer | ConvOp[] {
  if (typeof kernels === "number") {
    if (typeof second !== "number") {
      throw new SpaceError(
        `conv: a layer must have its channels, conv(${kernels}, 16, { ... }), got ${shown(second)}; ops to choose from come of a list: conv([${kernels}], { ... })`,
      );
    }
    checkOptions("conv", third, LAYER_RULES);
    const { stride = 1, activation = "silu" } = third;
    return { kind: "conv", kernelSize: kernels, stride, outChannels: second, activation };
  }
  if (!Array.isArray(kernels)) {
    throw new SpaceError(
      `conv: must get a kernel and channels, conv(3, 16), for a layer, or a list of kernels, conv([3, 5]), for ops, got ${shown(kernels)}`,
    );
  }
  const options = (second ?? {}) as Omit<ConvOptions, "stride">;
  checkOptions("conv", options, OP_RULES);
  const { activation = "silu" } = options;
  if (kernels.length === 0) throw new SpaceError("conv: at least one kernel is needed, got none; e.g. conv([3, 5])");
  return kernels.map((kernelSize): ConvOp => {
    checkLayer(conv(kernelSize, 1, { activation }), "conv");
    return { kind: "conv", kernelSize, activation };
  });
}

/** Passes its input on. */
export const identity: IdentityLayer = { kind: "identity" };

/** Channels that leave a layer. */
export function channelsAfter(layer: Layer, inChannels: number): number {
  if (layer.kind === "foreign") return layer.output.channels;
  return layer.kind === "identity" || layer.kind === "maxpool" ? inChannels : layer.outChannels;
}

/** Whether an architecture stands for a model that is none of ours. */
export function isForeign({ head }: Pick<Architecture, "head">): boolean {
  return head.at(-1)?.kind === "foreign";
}

/** @throws SpaceError for an architecture that stands for a model that is none of ours, of which `where` needs the layers. */
export function refuseForeign(architecture: Pick<Architecture, "name" | "head">, where: string, mend: string): void {
  if (!isForeign(architecture)) return;
  throw new SpaceError(
    `${where}: the network must be built of Blockwise's layers, and ${architecture.name} is a model of TensorFlow.js, whose layers are its own; ${mend}`,
    { architecture: architecture.name },
  );
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

/** Rounds a channel count to a multiple of `divisor`, never below 90 % of it (MobileNet's rule). */
export function roundChannels(channels: number, divisor = 8): number {
  const rounded = Math.max(divisor, Math.floor((channels + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * channels ? rounded + divisor : rounded;
}

/** Channels inside an MBConv, see `MBConvLayer.expansion`. */
export function expandedChannels({ expansion }: Pick<MBConvLayer, "expansion">, inChannels: number): number {
  const product = expansion * inChannels;
  return Number.isInteger(expansion) ? product : roundChannels(product);
}

/**
 * Squeeze width of an MBConv's squeeze-excite: a part of its **input** channels, or as `seDesign` says; 0 without
 * squeeze-excite.
 */
export function squeezeWidth(
  layer: Pick<MBConvLayer, "seRatio" | "seDesign" | "expansion">,
  inChannels: number,
): number {
  const { seRatio, seDesign } = layer;
  if (seRatio === 0) return 0;
  if (seDesign === "mobilenetv3") return roundChannels(seRatio * expandedChannels(layer, inChannels));
  return Math.max(1, Math.floor(seRatio * inChannels));
}

/** What a value of each kind has; an `Optional` one may be absent. The compiler asks for a kind or key that is new. */
export type KeysOfKinds<Value extends { readonly kind?: string }> = {
  readonly [Kind in NonNullable<Value["kind"]>]: readonly (keyof Extract<Value, { readonly kind?: Kind }>)[];
};

const KINDS: KeysOfKinds<Layer> = {
  identity: ["kind"],
  conv: ["kind", "kernelSize", "stride", "outChannels", "activation"],
  mbconv: ["kind", "kernelSize", "stride", "expansion", "outChannels", "seRatio", "seDesign", "activation", "residual"],
  residual: ["kind", "design", "kernelSize", "stride", "innerChannels", "outChannels", "activation"],
  maxpool: ["kind", "kernelSize", "stride"],
  foreign: ["kind", "name", "stride", "input", "output", "params", "macs", "activationBytes"],
};
const ACTIVATIONS: readonly Activation[] = ["none", "silu", "relu", "relu6", "hardswish"];

/**
 * Checks that an object has no other keys, as a file's JSON must have none.
 * @throws SpaceError naming the nearest key.
 */
export function checkKeys(value: object, known: readonly string[], place: string): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) throw new SpaceError(`${place}: ${unknownName(JSON.stringify(name), name, known)}`);
  }
}

/** @throws SpaceError for what is no non-linearity. */
export function checkActivation(activation: unknown, place: string): void {
  if (ACTIVATIONS.includes(activation as Activation)) return;
  throw new SpaceError(`${place}: activation must be one of ${ACTIVATIONS.join(", ")}, got ${shown(activation)}`);
}

/** Checks a whole number from 1 to what is of any use, see {@link MOST}. */
function checkSize(place: string, name: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return;
  const must = value > most ? `at most ${most}` : "a whole number from 1";
  throw new SpaceError(`${place}: ${name} must be ${must}, got ${value}`);
}

/**
 * Checks the numbers of one layer.
 * @throws SpaceError naming the place, the rule and the value.
 */
export function checkLayer(layer: Layer, place: string): void {
  if (typeof layer !== "object" || layer === null || Array.isArray(layer)) {
    throw new SpaceError(`${place} must be a layer, e.g. conv(3, 16), got ${shown(layer)}`);
  }
  if (!Object.hasOwn(KINDS, layer.kind)) {
    throw new SpaceError(
      `${place}: kind must be one of ${Object.keys(KINDS).join(", ")}, got ${JSON.stringify((layer as Layer).kind)}`,
    );
  }
  checkKeys(layer, KINDS[layer.kind], place);
  if (layer.kind === "identity") return;
  if (layer.kind === "foreign") {
    checkSize(place, "stride", layer.stride, MOST.side);
    return;
  }
  const { kernelSize, stride } = layer;
  if (kernelSize > MOST.kernelSize) checkSize(place, "kernelSize", kernelSize, MOST.kernelSize);
  if (!Number.isSafeInteger(kernelSize) || kernelSize < 1 || kernelSize % 2 === 0) {
    throw new SpaceError(`${place}: kernelSize must be odd and positive, got ${kernelSize}`);
  }
  checkSize(place, "stride", stride, MOST.side);
  if (layer.kind === "maxpool") return;
  const { outChannels } = layer;
  checkSize(place, "outChannels", outChannels, MOST.channels);
  checkActivation(layer.activation, place);
  if (layer.kind === "conv") return;
  if (layer.kind === "residual") {
    if (layer.design !== "basic" && layer.design !== "bottleneck") {
      throw new SpaceError(`${place}: design must be basic or bottleneck, got ${shown(layer.design)}`);
    }
    checkSize(place, "innerChannels", layer.innerChannels, MOST.channels);
    return;
  }
  const { expansion, seDesign } = layer;
  // A fraction is of use only as published networks have them; what is no number fails as the whole ones do.
  if (!(typeof expansion === "number" && expansion > 1 && expansion < MOST.expansion)) {
    checkSize(place, "expansion", expansion, MOST.expansion);
  }
  if (!(typeof layer.seRatio === "number" && layer.seRatio >= 0 && layer.seRatio <= 1)) {
    throw new SpaceError(`${place}: seRatio must lie in [0, 1] (0: no squeeze-excite), got ${shown(layer.seRatio)}`);
  }
  if (seDesign !== undefined && seDesign !== "mobilenetv3") {
    throw new SpaceError(`${place}: seDesign must be "mobilenetv3", or be left out, got ${shown(seDesign)}`);
  }
}
