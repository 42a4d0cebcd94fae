import { checkOptions, type OptionRules, rule, SpaceError, shown } from "../core";
import { activationToken } from "./describe";
import { checkActivation, checkKeys, checkLayer, conv, identity, type KeysOfKinds } from "./layers";
import type {
  Activation,
  CandidateOp,
  IdentityOp,
  Layer,
  MBConvLayer,
  MBConvOp,
  OpKind,
  ResidualLayer,
  ResidualOp,
} from "./types";

interface MBConvOptions {
  readonly seRatio?: number;
  readonly activation?: Activation;
}

interface ResidualOptions {
  readonly design?: ResidualOp["design"];
  readonly activation?: Activation;
}

/** Values are checked where the op is, see {@link checkOp}. */
const MBCONV_RULES: OptionRules<MBConvOptions> = { seRatio: rule.any, activation: rule.any };
const RESIDUAL_RULES: OptionRules<ResidualOptions> = { design: rule.any, activation: rule.any };

/**
 * The candidate operations of kernels x expansions, expansion-major in the order given: `mbconv([3, 5, 7], [6, 3])` is
 * e6k3, e6k5, e6k7, e3k3, e3k5, e3k7 (DNA's order).
 * @throws SpaceError for an empty list, or a kernel or expansion that is no operation; ConfigError for an option that is not known.
 */
export function mbconv(
  kernels: readonly number[],
  expansions: readonly number[],
  options: MBConvOptions = {},
): MBConvOp[] {
  if (!Array.isArray(kernels) || !Array.isArray(expansions)) {
    throw new SpaceError(
      `mbconv: must get a list of kernels and one of expansions, mbconv([3, 5], [6, 3]), got ${shown(kernels)} and ${shown(expansions)}`,
    );
  }
  checkOptions("mbconv", options, MBCONV_RULES);
  const { seRatio = 0.25, activation = "silu" } = options;
  if (kernels.length === 0 || expansions.length === 0) {
    throw new SpaceError(
      "mbconv: at least one kernel and one expansion are needed, got none; e.g. mbconv([3, 5], [6, 3])",
    );
  }
  const ops = expansions.flatMap((expansion) =>
    kernels.map((kernelSize) => ({ kernelSize, expansion, seRatio, activation })),
  );
  for (const op of ops) checkOp(op, "mbconv");
  return ops;
}

/**
 * Candidate operations that are ResNet's blocks (He et al., CVPR 2016), one a kernel: `residual([3])` is the basic block of
 * two 3x3 convolutions, `residual([3], { design: "bottleneck" })` the one with a quarter of the channels inside. SiLU, as
 * the other ops have, unless said otherwise; ResNet has "relu".
 * @throws SpaceError for an empty list, or a kernel that is none; ConfigError for an option that is not known.
 */
export function residual(kernels: readonly number[], options: ResidualOptions = {}): ResidualOp[] {
  if (!Array.isArray(kernels)) {
    throw new SpaceError(`residual: must get a list of kernels, residual([3]), got ${shown(kernels)}`);
  }
  checkOptions("residual", options, RESIDUAL_RULES);
  const { design = "basic", activation = "silu" } = options;
  if (kernels.length === 0) {
    throw new SpaceError("residual: at least one kernel is needed, got none; e.g. residual([3])");
  }
  const ops = kernels.map((kernelSize): ResidualOp => ({ kind: "residual", design, kernelSize, activation }));
  for (const op of ops) checkOp(op, "residual");
  return ops;
}

/** An MBConv at its place: with its stride and output channels. */
export function placeOp(op: MBConvOp, outChannels: number, stride = 1): MBConvLayer {
  const { kernelSize, expansion, seRatio, activation } = op;
  return { kind: "mbconv", kernelSize, stride, expansion, outChannels, seRatio, activation };
}

function placeResidual({ design, kernelSize, activation }: ResidualOp, outChannels: number, stride: number) {
  const innerChannels = design === "basic" ? outChannels : Math.max(1, outChannels >> 2);
  return { kind: "residual", design, kernelSize, stride, innerChannels, outChannels, activation } as ResidualLayer;
}

/** Squeeze-excite and activation that an op has unless its name says otherwise: those of `mbconv(...)`. */
const USUAL_SE = 0.25;

function suffix(activation: Activation): string {
  return activation === "silu" ? "" : `_${activationToken(activation)}`;
}

function withWords(activation: Activation): string {
  return activation === "silu" ? "" : activation === "none" ? " without activation" : ` with ${activation}`;
}

interface OfKind<Op> {
  /** The op as a layer behind so many channels. */
  place(op: Op, inChannels: number, outChannels: number, stride: number): Layer;
  /** Short, without spaces, for tables and figures. */
  name(op: Op): string;
  /** What such a name says, for the notes of tables. */
  words(op: Op): string;
}

type OfKinds = { readonly [Kind in OpKind]: OfKind<Extract<CandidateOp, { readonly kind?: Kind }>> };

const KINDS: OfKinds = {
  mbconv: {
    place: (op, _, outChannels, stride) => placeOp(op, outChannels, stride),
    name: ({ expansion, kernelSize, seRatio, activation }) =>
      `e${expansion}k${kernelSize}${seRatio === USUAL_SE ? "" : `_se${seRatio}`}${suffix(activation)}`,
    words: ({ expansion, kernelSize, seRatio, activation }) =>
      `an MBConv of expansion ${expansion} and kernel ${kernelSize}${seRatio === USUAL_SE ? "" : seRatio === 0 ? " without squeeze-excite" : ` with squeeze-excite of ${seRatio}`}${withWords(activation)}`,
  },
  conv: {
    place: ({ kernelSize, activation }, _, outChannels, stride) =>
      conv(kernelSize, outChannels, { stride, activation }),
    name: ({ kernelSize, activation }) => `conv${kernelSize}${suffix(activation)}`,
    words: ({ kernelSize, activation }) => `a convolution of kernel ${kernelSize}${withWords(activation)}`,
  },
  residual: {
    place: (op, _, outChannels, stride) => placeResidual(op, outChannels, stride),
    name: ({ design, kernelSize, activation }) =>
      `${design === "basic" ? "res" : "bottleneck"}${kernelSize}${suffix(activation)}`,
    words: ({ design, kernelSize, activation }) =>
      `ResNet's ${design} block of kernel ${kernelSize}${withWords(activation)}`,
  },
  identity: {
    place: (_, inChannels, outChannels, stride) => {
      const changes = stride !== 1 || inChannels !== outChannels;
      return changes ? conv(1, outChannels, { stride, activation: "none" }) : identity;
    },
    name: () => "id",
    words: () => "no operation",
  },
};

function kindOf(op: CandidateOp): OfKind<CandidateOp> {
  return KINDS[op.kind ?? "mbconv"] as OfKind<CandidateOp>;
}

/** A candidate operation at its place, behind so many channels. */
export function placeCandidate(op: CandidateOp, inChannels: number, outChannels: number, stride: number): Layer {
  return kindOf(op).place(op, inChannels, outChannels, stride);
}

/**
 * "e6k3" of an MBConv, "conv3" of a convolution, "res3" of ResNet's basic block, "id" of no operation; what differs from
 * squeeze-excite of 0.25 and SiLU is said in timm's tokens: "e6k3_se0_nre". Ops that differ have names that differ.
 */
export function opName(op: CandidateOp): string {
  return kindOf(op).name(op);
}

/** What the names of ops say, one example a kind: "e6k3 is an MBConv of expansion 6 and kernel 3". */
export function opLegend(ops: readonly CandidateOp[]): string {
  const kinds = new Map<string, CandidateOp>();
  for (const op of ops) {
    const kind = op.kind === "residual" ? op.design : (op.kind ?? "mbconv");
    if (!kinds.has(kind)) kinds.set(kind, op);
  }
  return [...kinds.values()].map((op) => `${opName(op)} is ${kindOf(op).words(op)}`).join(", ");
}

const KEYS: KeysOfKinds<CandidateOp> = {
  mbconv: ["kind", "kernelSize", "expansion", "seRatio", "activation"],
  conv: ["kind", "kernelSize", "activation"],
  residual: ["kind", "design", "kernelSize", "activation"],
  identity: ["kind"],
};

/** What an op that is given by its values has where it does not say otherwise: as `mbconv`, `conv` and `residual` make it. */
const USUAL: { readonly [Kind in OpKind]: object } = {
  mbconv: { seRatio: USUAL_SE, activation: "silu" },
  conv: { activation: "silu" },
  residual: { design: "basic", activation: "silu" },
  identity: {},
};

/**
 * A whole candidate operation from one that leaves out what is usual: `{ kernelSize: 3, expansion: 6 }` is an MBConv with
 * squeeze-excite of 0.25 and SiLU. The same for ops in TypeScript and in the JSON of an experiment.
 * @throws SpaceError naming the place, the rule and the value.
 */
export function completeOp(given: unknown, place: string): CandidateOp {
  const kind = kindNamed(given, place);
  checkKeys(given as object, KEYS[kind], place);
  const said = Object.entries(given as object).filter(([, value]) => value !== undefined);
  const all: Record<string, unknown> = { ...USUAL[kind], ...Object.fromEntries(said) };
  // In one order, whatever was left out.
  const op = Object.fromEntries(KEYS[kind].flatMap((name) => (name in all ? [[name, all[name]]] : [])));
  checkOp(op as unknown as CandidateOp, place);
  return op as unknown as CandidateOp;
}

function kindNamed(op: unknown, place: string): OpKind {
  const kind = (op as Partial<IdentityOp> | null)?.kind ?? "mbconv";
  if (typeof op === "object" && op !== null && !Array.isArray(op) && Object.hasOwn(KINDS, kind)) return kind;
  throw new SpaceError(
    `${place} must be an operation of kind ${Object.keys(KINDS).join(", ")}, got ${JSON.stringify(op)}; e.g. mbconv([3, 5], [6]), conv([3]), residual([3])`,
  );
}

/**
 * Checks one candidate operation.
 * @throws SpaceError naming the place, the rule and the value.
 */
export function checkOp(op: CandidateOp, place: string): void {
  const kind = kindNamed(op, place);
  checkKeys(op, KEYS[kind], place);
  // Placing an op would give it the usual one.
  if (op.kind !== "identity") checkActivation(op.activation, place);
  if (op.kind === "residual" && op.design !== "basic" && op.design !== "bottleneck") {
    throw new SpaceError(`${place}: design must be basic or bottleneck, got ${JSON.stringify(op.design)}`);
  }
  checkLayer(placeCandidate(op, 1, 1, 1), place);
}
