import { syntheticDataset } from "../../src/data";
import { lab } from "../../src/lab";
import { type Architecture, conv, mbconv, placeOp } from "../../src/space";

const [op] = mbconv([3], [2]);

/** A teacher for 8x8 images that trains in a second. */
export const tinyTeacher: Architecture = {
  name: "tiny",
  input: { height: 8, width: 8, channels: 1 },
  stem: [conv(3, 8, { stride: 2 })],
  blocks: [[placeOp(op, 8)], [placeOp(op, 16, 2), placeOp(op, 16)]],
  head: [conv(1, 16)],
  classes: 4,
  padding: "same",
  batchNormEpsilon: 1e-3,
};

export function tinyData(seed = 1) {
  return lab.data(syntheticDataset({ seed, count: 96, validationCount: 32, testCount: 32 }), { seed });
}

/** From data to a distilled supernet: two blocks of few candidates. */
export async function tinySupernet() {
  const data = await tinyData();
  const teacher = await lab.teacher(tinyTeacher, { data, epochs: 2, batchSize: 16 });
  const cells = [
    [{ depth: 1, width: 8 }],
    [
      { depth: 1, width: 8 },
      { depth: 2, width: 8 },
    ],
  ];
  const supernet = lab.supernet(teacher.split([1]), {
    ops: mbconv([3, 5], [2]),
    cells,
    stem: [conv(3, 4, { stride: 2 })],
    head: [conv(1, 8)],
  });
  return { data, teacher, supernet };
}
