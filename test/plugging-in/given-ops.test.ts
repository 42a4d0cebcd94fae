/** An op by its values means one thing, or is refused in the same words, whether it comes from TypeScript or from JSON. */
import { describe, expect, it } from "vitest";
import { ConfigError, SpaceError } from "../../src/core";
import { blockSpace, conv, type GivenOp, mbconv, residual } from "../../src/space";
import { parseExperiment } from "../../src/systems/dna";

const shapes = [{ input: { height: 8, width: 8, channels: 3 }, output: { height: 4, width: 4, channels: 16 } }];

function inTypeScript(op: unknown): unknown {
  return blockSpace(shapes, { ops: [op as GivenOp] }).blocks[0].ops[0];
}

function inJson(op: unknown): unknown {
  const { ops } = parseExperiment({ space: { ops: [op] } }, "x.json").space;
  return (ops as readonly unknown[])[0];
}

const MEANT: readonly [given: unknown, op: unknown][] = [
  [{ kernelSize: 3, expansion: 6 }, mbconv([3], [6])[0]],
  [{ kernelSize: 5, expansion: 1, seRatio: 0 }, mbconv([5], [1], { seRatio: 0 })[0]],
  [{ expansion: 3, activation: "relu", kernelSize: 7 }, mbconv([7], [3], { activation: "relu" })[0]],
  [
    { kind: "mbconv", kernelSize: 3, expansion: 6 },
    { kind: "mbconv", ...mbconv([3], [6])[0] },
  ],
  [{ kernelSize: 3, expansion: 2.5 }, mbconv([3], [2.5])[0]],
  [{ kind: "conv", kernelSize: 3 }, conv([3])[0]],
  [{ kind: "conv", kernelSize: 1, activation: "none" }, conv([1], { activation: "none" })[0]],
  [{ kind: "residual", kernelSize: 3 }, residual([3])[0]],
  [
    { kind: "residual", design: "bottleneck", kernelSize: 5, activation: "relu6" },
    residual([5], { design: "bottleneck", activation: "relu6" })[0],
  ],
];

const REFUSED: readonly unknown[] = [
  null,
  3,
  "mbconv",
  {},
  { kind: "no-such-kind", kernelSize: 3 },
  { kernelSize: 3 },
  { expansion: 6 },
  ...[0, 2, -3, 1.5, 1e9, "3", null, Number.NaN].map((kernelSize) => ({ kernelSize, expansion: 6 })),
  ...[0, 0.5, -1, 1e9, "6", null, true].map((expansion) => ({ kernelSize: 3, expansion })),
  ...[-0.1, 1.1, "0.5", null, true, Number.NaN].map((seRatio) => ({ kernelSize: 3, expansion: 6, seRatio })),
  ...["gelu", null, 1, ""].map((activation) => ({ kernelSize: 3, expansion: 6, activation })),
  { kernelSize: 3, expansion: 6, seratio: 0.25 },
  { kind: "conv", kernelSize: 3, expansion: 6 },
  { kind: "conv" },
  { kind: "conv", kernelSize: 4 },
  { kind: "residual", kernelSize: 3, design: "wide" },
  { kind: "residual", kernelSize: 3, design: null },
  { kind: "identity", kernelSize: 3 },
];

function refusal(of: (op: unknown) => unknown, op: unknown): Error {
  try {
    of(op);
  } catch (error) {
    return error as Error;
  }
  throw new Error(`${JSON.stringify(op)} was taken`);
}

describe("an op given by its values", () => {
  it.each(MEANT)("%j is the same op in TypeScript and in JSON", (given, op) => {
    expect(inTypeScript(given)).toEqual(op);
    expect(inJson(given)).toEqual(op);
    // The text that fingerprints and files are made of, too.
    expect(JSON.stringify(inJson(given))).toBe(JSON.stringify(inTypeScript(given)));
  });

  it.each(REFUSED.map((op) => [op]))("%j is refused in the same words", (op) => {
    const said = refusal(inTypeScript, op);
    expect(said).toBeInstanceOf(SpaceError);
    const json = refusal(inJson, op);
    expect(json).toBeInstanceOf(ConfigError);
    const rule = said.message.replace(/^dna-mini, block 0: op 0:? ?/, "");
    expect(json.message).toContain(rule);
    expect(json.message).toContain("space.ops[0]");
  });
});
