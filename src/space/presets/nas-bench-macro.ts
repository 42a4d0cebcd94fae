import { SpaceError } from "../../core";
import { paths } from "../enumerate";
import { channelsAfter, conv, identity, placeOp } from "../layers";
import type { Architecture, Layer } from "../types";

const STAGES: readonly { readonly width: number; readonly layers: number }[] = [
  { width: 64, layers: 2 },
  { width: 128, layers: 3 },
  { width: 256, layers: 3 },
];
const LENGTH = 8;

/** Digit 1 and 2: MBConv e3 k3 and e6 k5, without squeeze-excite. */
const OPS = [
  { kernelSize: 3, expansion: 3, seRatio: 0, activation: "relu" },
  { kernelSize: 5, expansion: 6, seRatio: 0, activation: "relu" },
] as const;

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
  const digits = [...key].map(Number);
  const stem = [conv(3, 32, { activation: "relu" })];
  let channels = channelsAfter(stem[0], 3);
  const blocks = STAGES.map(({ width, layers }) =>
    digits.splice(0, layers).map((digit, i): Layer => {
      const stride = i === 0 ? 2 : 1;
      const changes = stride !== 1 || channels !== width;
      channels = width;
      if (digit > 0) return placeOp(OPS[digit - 1], width, stride);
      return changes ? conv(1, width, { stride, activation: "none" }) : identity;
    }),
  );
  return {
    name: `nas-bench-macro/${key}`,
    input: { height: 32, width: 32, channels: 3 },
    stem,
    blocks,
    head: [conv(1, 1280, { activation: "relu" })],
    classes: 10,
    padding: "symmetric",
    batchNormEpsilon: 1e-5,
  };
}
