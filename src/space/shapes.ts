import { MOST, SpaceError, shown } from "../core";
import { channelsAfter, checkActivation, checkKeys, checkLayer } from "./layers";
import type { Architecture, HiddenLayer, ImageShape, Layer } from "./types";

/** "14x14x40" of a feature map `[height, width, channels]`. */
export function formatShape({ height, width, channels }: ImageShape): string {
  return `${height}x${width}x${channels}`;
}

/** Whether two feature maps have equal shapes. */
export function sameShape(a: ImageShape, b: ImageShape): boolean {
  return a.height === b.height && a.width === b.width && a.channels === b.channels;
}

/**
 * Shape `[height, width, channels]` that leaves a layer. Kernels are odd, so "same" and symmetric padding agree:
 * a stride s makes ceil(size / s) of a size.
 */
export function layerOutput(layer: Layer, input: ImageShape): ImageShape {
  if (layer.kind === "foreign") return layer.output;
  const stride = layer.kind === "identity" ? 1 : layer.stride;
  return {
    height: Math.ceil(input.height / stride),
    width: Math.ceil(input.width / stride),
    channels: channelsAfter(layer, input.channels),
  };
}

/**
 * Shapes after each of the layers, one after another.
 * @throws SpaceError when a layer is malformed, or a residual joins unequal shapes.
 */
export function layerOutputs(layers: readonly Layer[], input: ImageShape, place = "layer"): ImageShape[] {
  let shape = input;
  return layers.map((layer, i) => {
    checkLayer(layer, `${place} ${i}`);
    const next = layerOutput(layer, shape);
    if (layer.kind === "foreign" && !sameShape(shape, layer.input)) {
      throw new SpaceError(
        `${place} ${i}: ${layer.name} must get ${formatShape(layer.input)}, got ${formatShape(shape)}; open the model again for images of that size`,
      );
    }
    if (layer.kind === "mbconv" && layer.residual && !sameShape(shape, next)) {
      throw new SpaceError(
        `${place} ${i}: a residual needs equal shapes, got ${formatShape(shape)} and ${formatShape(next)}; leave \`residual\` out`,
      );
    }
    checkShape(next, `${place} ${i}`);
    shape = next;
    return next;
  });
}

/** Shape after the last of the layers. */
export function outputShape(layers: readonly Layer[], input: ImageShape): ImageShape {
  return layerOutputs(layers, input).at(-1) ?? input;
}

/** Stem and blocks of an architecture as one list of layers: the places where a teacher can be cut. */
export function trunkLayers(architecture: Pick<Architecture, "stem" | "blocks">): Layer[] {
  return [...architecture.stem, ...architecture.blocks.flat()];
}

/** The compiler asks for a key that is new. */
const ARCHITECTURE: Readonly<Record<keyof Architecture, true>> = {
  name: true,
  input: true,
  stem: true,
  blocks: true,
  head: true,
  hidden: true,
  classes: true,
  padding: true,
  batchNormEpsilon: true,
  dropout: true,
  dropConnect: true,
};

/**
 * Checks a whole architecture: every layer, every residual, input and classes.
 * @throws SpaceError naming the place.
 */
export function validateArchitecture(architecture: Architecture): void {
  if (typeof architecture !== "object" || architecture === null) {
    throw new SpaceError(`architecture: must be one, e.g. architecturePreset("resnet18"), got ${shown(architecture)}`);
  }
  checkKeys(architecture, Object.keys(ARCHITECTURE), `${architecture.name ?? "architecture"}`);
  const { name, input, stem, blocks, head, hidden, classes } = architecture;
  checkShape(input, `${name}: input`);
  if (hidden !== undefined) checkHidden(hidden, `${name}: hidden`);
  if (!Number.isSafeInteger(classes) || classes < 1 || classes > MOST.classes) {
    throw new SpaceError(`${name}: classes must be a whole number from 1 to ${MOST.classes}, got ${classes}`);
  }
  let shape = input;
  const follow = (layers: readonly Layer[], place: string) => {
    shape = layerOutputs(layers, shape, `${name}: ${place} layer`).at(-1) ?? shape;
  };
  follow(stem, "stem");
  for (const [i, block] of blocks.entries()) follow(block, `block ${i}`);
  follow(head, "head");
}

function checkHidden(hidden: HiddenLayer, place: string): void {
  if (typeof hidden !== "object" || hidden === null || Array.isArray(hidden)) {
    throw new SpaceError(`${place} must be { features, activation }, got ${shown(hidden)}`);
  }
  checkKeys(hidden, ["features", "activation"], place);
  const { features, activation } = hidden;
  if (!Number.isSafeInteger(features) || features < 1 || features > MOST.channels) {
    throw new SpaceError(
      `${place}: features must be a whole number from 1 to ${MOST.channels}, got ${shown(features)}`,
    );
  }
  checkActivation(activation, place);
}

/**
 * @throws SpaceError unless height, width and channels are whole numbers from 1, and a feature map of them is one that a
 * machine can hold, see {@link MOST}.
 */
export function checkShape(shape: ImageShape, place: string): void {
  for (const axis of ["height", "width", "channels"] as const) {
    if (!Number.isSafeInteger(shape[axis]) || shape[axis] < 1) {
      throw new SpaceError(`${place}: ${axis} must be a whole number from 1, got ${shape[axis]}`);
    }
    const most = axis === "channels" ? MOST.channels : MOST.side;
    if (shape[axis] > most) throw new SpaceError(`${place}: ${axis} must be at most ${most}, got ${shape[axis]}`);
  }
  const size = shape.height * shape.width * shape.channels;
  if (size > MOST.mapSize) {
    throw new SpaceError(
      `${place}: a feature map must have at most ${MOST.mapSize} values (1 GiB), got ${formatShape(shape)}; choose a smaller image or fewer channels`,
      { size },
    );
  }
}
