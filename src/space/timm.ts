import { checkOptions, IMAGE_RULE, MOST, type OptionRules, rule, SpaceError } from "../core";
import { ACTIVATION_TOKENS } from "./describe";
import { checkLayer, conv } from "./layers";
import type { Activation, Architecture, ConvLayer, ImageShape, Layer, MBConvLayer } from "./types";

/** Block strings of timm, stage by stage: `[["ds_r1_k3_s1_e1_c16_se0.25"], ["ir_r2_k3_s2_e6_c24_se0.25"]]`. */
export type TimmStages = readonly (readonly string[])[];

const KINDS = ["ir", "ds", "cn"] as const;
type Kind = (typeof KINDS)[number];

const ACTIVATIONS = new Map<string, Activation>(
  Object.entries(ACTIVATION_TOKENS).map(([activation, token]) => [token, activation as Activation]),
);

interface NumberToken {
  readonly kinds: readonly Kind[];
  readonly needed: boolean;
  readonly pattern: RegExp;
  /** What the number is, and which numbers it may be. */
  readonly words: string;
}

/** Number tokens: which block kinds know them, and which need them. */
const NUMBERS: Readonly<Record<string, NumberToken>> = {
  r: { kinds: KINDS, needed: true, pattern: /^[1-9]\d*$/, words: "repeats, a whole number from 1" },
  k: { kinds: KINDS, needed: true, pattern: /^[1-9]\d*$/, words: "kernel size, a whole number from 1" },
  s: { kinds: KINDS, needed: true, pattern: /^[1-9]\d*$/, words: "stride, a whole number from 1" },
  c: { kinds: KINDS, needed: true, pattern: /^[1-9]\d*$/, words: "channels, a whole number from 1" },
  e: { kinds: ["ir", "ds"], needed: false, pattern: /^[1-9]\d*(\.\d*)?$/, words: "expansion, a number from 1" },
  se: {
    kinds: ["ir", "ds"],
    needed: false,
    pattern: /^(0(\.\d+)?|1(\.0*)?|\.\d+|[1-9](\.\d+)?e-\d+)$/,
    words: "squeeze-excite ratio, from 0 to 1",
  },
};

/** What a block of a kind may have, for messages. */
function supported(kind: Kind): string {
  const numbers = Object.entries(NUMBERS).filter(([, { kinds }]) => kinds.includes(kind));
  const activations = Object.entries(ACTIVATION_TOKENS).map(([name, token]) => `${token} (${name})`);
  const noskip = kind === "cn" ? "" : ", and noskip";
  return `a "${kind}" block may have ${numbers.map(([key, { words }]) => `${key} (${words})`).join(", ")}, one of ${activations.join(", ")}${noskip}`;
}

/**
 * Reads one block string into its layers; the first carries the stride.
 * `ir` is an MBConv, `ds` one without expansion, `cn` a convolution with batch norm and activation, as `_decode_block_str` of
 * timm/models/_efficientnet_builder.py has them (commit 0141934); without a token the activation is SiLU, which is EfficientNet's
 * (timm takes the network's).
 * @throws SpaceError for an unknown, repeated, missing or malformed token: a typo must not build another network.
 */
export function decodeTimmBlock(text: string): Layer[] {
  const fail = (what: string): never => {
    throw new SpaceError(`timm block ${JSON.stringify(text)}: ${what}; e.g. "ir_r2_k3_s2_e6_c24_se0.25"`, { text });
  };
  const [head, ...tokens] = text.split("_");
  const kind =
    KINDS.find((known) => known === head) ??
    fail(
      `must start with ${KINDS.join(", ")}, got "${head}": other blocks of timm (er, dsa, uir, mqa, ...) are not supported`,
    );
  const numbers = new Map<string, number>();
  let activation: Activation | undefined;
  let skips = true;
  for (const token of tokens) {
    const named = ACTIVATIONS.get(token);
    if (named !== undefined) {
      if (activation !== undefined) fail(`has two activations, "${token}" is the second`);
      activation = named;
    } else if (token === "noskip" && kind !== "cn") {
      skips = false;
    } else {
      const unknown = () => fail(`unknown token "${token}" in a "${kind}" block; ${supported(kind)}`);
      const [, key, value] = /^([a-z]+)(.*)$/.exec(token) ?? unknown();
      const known = Object.hasOwn(NUMBERS, key) ? NUMBERS[key] : undefined;
      if (!known?.kinds.includes(kind)) unknown();
      else if (!known.pattern.test(value)) fail(`malformed number in "${token}": ${key} is the ${known.words}`);
      if (numbers.has(key)) fail(`token "${key}" comes twice`);
      numbers.set(key, Number(value));
    }
  }
  for (const [key, { kinds, needed }] of Object.entries(NUMBERS)) {
    if (needed && kinds.includes(kind) && !numbers.has(key)) fail(`token "${key}" is missing`);
  }
  const number = (key: string) => numbers.get(key)!;
  if (kind === "ir" && !numbers.has("e")) fail('token "e" is missing');
  if (kind === "ds" && (numbers.get("e") ?? 1) !== 1) fail('a "ds" block has no expansion, so e must be 1');
  // InvertedResidual in timm/models/_efficientnet_blocks.py has conv_pw whatever exp_ratio is.
  if (kind === "ir" && numbers.get("e") === 1) {
    fail(
      'an "ir" block of e1 has in timm a 1x1 convolution before the depthwise one (fbnetc has such blocks), which is not supported; without it the block is called "ds"',
    );
  }
  const layerAt = (i: number): ConvLayer | MBConvLayer => {
    const stride = i === 0 ? number("s") : 1;
    const common = {
      kernelSize: number("k"),
      stride,
      outChannels: number("c"),
      activation: activation ?? "silu",
    } as const;
    if (kind === "cn") return { kind: "conv", ...common };
    const expansion = numbers.get("e") ?? 1;
    const layer = { kind: "mbconv", ...common, expansion, seRatio: numbers.get("se") ?? 0 } as const;
    return skips ? layer : { ...layer, residual: false };
  };
  if (number("r") > MOST.repeats) fail(`r, the number of layers, must be at most ${MOST.repeats}`);
  return Array.from({ length: number("r") }, (_, i) => {
    const layer = layerAt(i);
    checkLayer(layer, `timm block "${text}"`);
    return layer;
  });
}

/** Reads block strings into the layers of each stage. @throws SpaceError as {@link decodeTimmBlock}. */
export function decodeTimm(stages: TimmStages): Layer[][] {
  return stages.map((blocks) => blocks.flatMap(decodeTimmBlock));
}

function blockString(layer: ConvLayer | MBConvLayer, repeats: number): string {
  const { kernelSize, stride, outChannels, activation } = layer;
  if (activation === "none") {
    throw new SpaceError(
      "encodeTimm: timm has no token for a convolution without activation; save the network as a file",
    );
  }
  const kind = layer.kind === "conv" ? "cn" : layer.expansion === 1 ? "ds" : "ir";
  const tokens = [kind, `r${repeats}`, `k${kernelSize}`, `s${stride}`];
  if (layer.kind === "mbconv") tokens.push(`e${layer.expansion}`);
  tokens.push(`c${outChannels}`);
  if (layer.kind === "mbconv" && layer.seRatio > 0) tokens.push(`se${layer.seRatio}`);
  if (activation !== "silu") tokens.push(ACTIVATION_TOKENS[activation]);
  if (layer.kind === "mbconv" && layer.residual === false) tokens.push("noskip");
  return tokens.join("_");
}

/**
 * Writes the layers of each stage as block strings; runs of equal layers become one with a repeat count. Identities are
 * left out, for they do nothing.
 * @throws SpaceError for a convolution without activation, which timm cannot say.
 */
export function encodeTimm(stages: readonly (readonly Layer[])[]): string[][] {
  return stages.map((layers) => {
    const runs: { layer: ConvLayer | MBConvLayer; repeats: number }[] = [];
    for (const layer of layers) {
      if (layer.kind === "identity") continue;
      if (layer.kind === "residual" || layer.kind === "maxpool" || layer.kind === "foreign") {
        throw new SpaceError(`encodeTimm: timm's block strings have no ${layer.kind}; save the network as a file`);
      }
      const run = runs.at(-1);
      if (run && layer.stride === 1 && blockString({ ...run.layer, stride: 1 }, 1) === blockString(layer, 1))
        run.repeats++;
      else runs.push({ layer, repeats: 1 });
    }
    return runs.map(({ layer, repeats }) => blockString(layer, repeats));
  });
}

/** What timm's strings leave open; the defaults are EfficientNet's for ImageNet. */
export interface TimmSettings {
  readonly name?: string;
  readonly input?: ImageShape;
  /** Width of the 3x3 stem of stride 2. */
  readonly stemWidth?: number;
  /** Width of the 1x1 convolution before pooling. */
  readonly headWidth?: number;
  readonly classes?: number;
}

const SETTING_RULES: OptionRules<TimmSettings> = {
  name: rule.text,
  input: IMAGE_RULE,
  stemWidth: rule.wholeFrom(1),
  headWidth: rule.wholeFrom(1),
  classes: rule.wholeFrom(1),
};

/** A network of timm stages between EfficientNet's stem and head. @throws SpaceError as {@link decodeTimmBlock}, ConfigError for settings that are not known. */
export function architectureFromTimm(stages: TimmStages, settings: TimmSettings = {}): Architecture {
  checkOptions("architectureFromTimm", settings, SETTING_RULES);
  const { name = "timm", input = { height: 224, width: 224, channels: 3 } } = settings;
  const { stemWidth = 32, headWidth = 1280, classes = 1000 } = settings;
  return {
    name,
    input,
    stem: [conv(3, stemWidth, { stride: 2 })],
    blocks: decodeTimm(stages),
    head: [conv(1, headWidth)],
    classes,
    padding: "symmetric",
    batchNormEpsilon: 1e-5,
  };
}

/** Whether timm's block strings can say a network: they have no word for ResNet's blocks, poolings, or convolutions without activation. */
export function hasTimmWords({ stem, blocks }: Architecture): boolean {
  return [...stem.slice(1), ...blocks.flat()].every(
    (layer) =>
      layer.kind === "identity" || ((layer.kind === "conv" || layer.kind === "mbconv") && layer.activation !== "none"),
  );
}

/**
 * timm's stages of a network: what its stem has after the first convolution, then its blocks.
 * @throws SpaceError unless {@link hasTimmWords}.
 */
export function timmStages(architecture: Architecture): string[][] {
  const rest = architecture.stem.slice(1);
  return encodeTimm(rest.length > 0 ? [rest, ...architecture.blocks] : architecture.blocks);
}

/**
 * Reads stages from text: stages apart by spaces, blocks of a stage by commas; or JSON as timm's `arch_def`.
 * @throws SpaceError when it is neither.
 */
export function parseTimm(text: string): string[][] {
  const trimmed = text.trim();
  if (!trimmed.startsWith("[")) return trimmed.split(/\s+/).map((stage) => stage.split(","));
  try {
    const stages: unknown = JSON.parse(trimmed);
    const isStage = (stage: unknown) => Array.isArray(stage) && stage.every((block) => typeof block === "string");
    if (Array.isArray(stages) && stages.every(isStage)) return stages;
  } catch {
    // Said below.
  }
  throw new SpaceError(`parseTimm: JSON must be lists of block strings, got ${trimmed.slice(0, 60)}`);
}

/** Writes stages as text that {@link parseTimm} reads. */
export function formatTimm(stages: TimmStages): string {
  return stages.map((blocks) => blocks.join(",")).join(" ");
}
