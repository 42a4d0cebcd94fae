import { SpaceError } from "../../core";
import { paths } from "../enumerate";
import { channelsAfter, conv } from "../layers";
import { placeCandidate } from "../ops";
import type { Architecture, BlockSpace, CandidateOp, ImageShape, Layer, LayerPlace, SearchSpace } from "../types";
import { validateSpace } from "../validate";

const STAGES: readonly { readonly width: number; readonly layers: number }[] = [
  { width: 64, layers: 2 },
  { width: 128, layers: 3 },
  { width: 256, layers: 3 },
];
const LENGTH = 8;

/** Digit 0, 1 and 2: identity, MBConv e3 k3 and e6 k5, without squeeze-excite. */
const OPS: readonly CandidateOp[] = [
  { kind: "identity" },
  { kernelSize: 3, expansion: 3, seRatio: 0, activation: "relu" },
  { kernelSize: 5, expansion: 6, seRatio: 0, activation: "relu" },
];
/** Width and stride of each of the eight layers. */
const PLACES: readonly LayerPlace[] = STAGES.flatMap(({ width, layers }) =>
  Array.from({ length: layers }, (_, i) => ({ width, stride: i === 0 ? 2 : 1 })),
);
const INPUT: ImageShape = { height: 32, width: 32, channels: 3 };
const STEM = [conv(3, 32, { activation: "relu" })];

const AROUND = {
  input: INPUT,
  stem: STEM,
  head: [conv(1, 1280, { activation: "relu" })],
  classes: 10,
  padding: "symmetric",
  batchNormEpsilon: 1e-5,
} as const;

/** All 6,561 keys of NAS-Bench-Macro, in counting order. */
export function nasBenchMacroKeys(): string[] {
  return paths(3, LENGTH).map((digits) => digits.join(""));
}

/**
 * A network of NAS-Bench-Macro (Su et al., CVPR 2021) for CIFAR-10 from its eight digits: 0 identity, 1 MB3 k3, 2 MB6 k5.
 * @throws SpaceError for anything but eight digits of 0, 1, 2.
 */
export function nasBenchMacro(key: string): Architecture {
  if (!/^[012]{8}$/.test(key)) {
    throw new SpaceError(`nasBenchMacro: a key is eight digits of 0, 1, 2, got ${JSON.stringify(key)}`);
  }
  let channels = channelsAfter(STEM[0], INPUT.channels);
  const layers = PLACES.map(({ width, stride }, i): Layer => {
    const before = channels;
    channels = width;
    return placeCandidate(OPS[Number(key[i])], before, width, stride);
  });
  return {
    name: `nas-bench-macro/${key}`,
    blocks: STAGES.map((stage) => layers.splice(0, stage.layers)),
    ...AROUND,
  };
}

/** Layers after which {@link nasBenchMacroSpace} is cut unless told otherwise: where the stages end. */
export const NAS_BENCH_MACRO_CUTS: readonly number[] = [2, 5];

/**
 * The space of NAS-Bench-Macro as blocks of one cell, as wide as the benchmark's networks: a teacher must be one of them.
 * A candidate is the canonical path of its layers' digits.
 * @param cuts Layers of 1..8 that end a block but the last, rising; the stages' ends when left out.
 * @throws SpaceError when the cuts are not rising layers of 1..7.
 */
export function nasBenchMacroSpace(cuts: readonly number[] = NAS_BENCH_MACRO_CUTS): SearchSpace {
  const ends = [...cuts, LENGTH];
  if (ends.some((end, i) => !Number.isInteger(end) || end < 1 || end <= (ends[i - 1] ?? 0))) {
    throw new SpaceError(
      `nasBenchMacroSpace: cuts must be rising layers of 1..${LENGTH - 1}, got [${cuts.join(", ")}]`,
    );
  }
  let input = INPUT;
  const blocks = ends.map((end, i): BlockSpace => {
    const layers = PLACES.slice(ends[i - 1] ?? 0, end);
    const stride = layers.reduce((product, place) => product * place.stride, 1);
    const { width } = layers[layers.length - 1];
    const output = { height: input.height / stride, width: input.width / stride, channels: width };
    const block = { stride, input, output, ops: OPS, cells: [{ depth: layers.length, width, layers }] };
    input = output;
    return block;
  });
  const space = { name: "nas-bench-macro", blocks, ...AROUND };
  validateSpace(space);
  return space;
}
