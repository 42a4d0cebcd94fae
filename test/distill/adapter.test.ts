import fc from "fast-check";
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { beforeAll, describe, expect, test } from "vitest";
import { SpaceError } from "../../src/core";
import { BlockSupernet } from "../../src/distill";
import { engine, tf } from "../../src/engine";
import {
  assembledLayers,
  blockSpace,
  type CandidateOp,
  conv,
  enumerateBlock,
  type ImageShape,
  identity,
  mbconv,
  supernetLayers,
} from "../../src/space";
import { tinyFeatures } from "./tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const shape = (size: number, channels: number): ImageShape => ({ height: size, width: size, channels });
const TEACHER = 6;

function spaceOf(width: number, { adapter, depth = 1 }: { adapter: boolean; depth?: number }, ops?: CandidateOp[]) {
  return blockSpace([{ input: shape(8, 1), output: shape(4, TEACHER) }], {
    ops: ops ?? mbconv([3, 5], [2]),
    cells: [[{ depth, width }]],
    stem: [conv(3, 4, { stride: 1 })],
    classes: 4,
    adapter,
  });
}

/** Singular values of the channels of what a path makes of noise, centred: how many ways the channels vary in. */
function rankOf(width: number, adapter: boolean): number {
  const space = spaceOf(width, { adapter });
  const supernet = new BlockSupernet(space, 0, 1);
  const x = tinyFeatures(space, 16).batch(0, [...Array(16).keys()]);
  const y = supernet.cells[0].forward(x, { mode: "batch", path: [0] });
  const values = tf.tidy(() => {
    const rows = tf.reshape(y, [-1, TEACHER]) as tf.Tensor2D;
    return new SingularValueDecomposition(new Matrix(tf.sub(rows, tf.mean(rows, 0)).arraySync() as number[][]))
      .diagonal;
  });
  tf.dispose([x, y]);
  supernet.dispose();
  return values.filter((value) => value > 1e-3 * values[0]).length;
}

describe("the adapter of a cell that is not as wide as the teacher", () => {
  test("leaves a narrow layer narrow: its maps vary in as many ways as it has channels, however many the teacher has", () => {
    for (const width of [1, 2, 3]) expect(rankOf(width, true)).toBe(width);
    // DNA's way rates a layer of the teacher's width instead.
    expect(rankOf(2, false)).toBe(TEACHER);
  });

  test("lets every layer of the supernet be that of the assembled network", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 3 }), (width, depth) => {
        const space = spaceOf(width, { adapter: true, depth }, [{ kind: "identity" }, ...mbconv([3], [2])]);
        const layers = supernetLayers(space, 0, 0);
        for (const candidate of enumerateBlock(space, 0)) {
          expect(candidate.path.map((op, layer) => layers[layer][op])).toEqual(assembledLayers(space, candidate));
        }
      }),
      { numRuns: 20 },
    );
  });

  test("belongs to the supernet alone and learns with every path", () => {
    const supernet = new BlockSupernet(spaceOf(3, { adapter: true }), 0, 1);
    const [cell] = supernet.cells;
    const names = [...cell.pathParameters([1]).keys()];
    expect(names.some((name) => name.startsWith("adapter."))).toBe(true);
    expect([...cell.parameters().keys()]).toEqual(expect.arrayContaining(names));
    supernet.dispose();
    const wide = new BlockSupernet(spaceOf(TEACHER, { adapter: true }), 0, 1);
    expect(wide.cells[0].adapter).toBeUndefined();
    wide.dispose();
  });

  test("lets identities stand in narrow cells, which without it would change their layer", () => {
    const ops: CandidateOp[] = [{ kind: "identity" }, ...mbconv([3], [2])];
    const space = spaceOf(3, { adapter: true, depth: 2 }, ops);
    expect(assembledLayers(space, { block: 0, cell: 0, path: [0, 0] })).toEqual([
      conv(1, 3, { stride: 2, activation: "none" }),
      identity,
    ]);
    expect(() => spaceOf(3, { adapter: false, depth: 2 }, ops)).toThrow(SpaceError);
  });
});
