import { conv } from "../layers";
import type { Architecture } from "../types";
import { type StageSpec, stage, stageLayers } from "./efficientnet";

interface TeacherSpec {
  readonly name: string;
  /** The stem halves the image, then has one layer without expansion. */
  readonly stemWidth: number;
  readonly stages: readonly StageSpec[];
  readonly headWidth: number;
  /** Without squeeze-excite and without the layer behind the stem, as MobileNetV2; else as EfficientNet. */
  readonly plain?: boolean;
}

/**
 * Teachers for small grey images in EfficientNet's manner. The stem halves the image at once: thin 28x28 maps cost more
 * time in memory traffic than they give accuracy.
 */
const TEACHERS: readonly TeacherSpec[] = [
  {
    name: "efficientnet-b0@28px",
    stemWidth: 16,
    stages: [stage(4, 3, 1, 24, 2), stage(4, 5, 2, 40, 2), stage(4, 3, 1, 56, 1), stage(4, 3, 2, 96, 1)],
    headWidth: 256,
  },
  {
    name: "efficientnet-b1@28px",
    stemWidth: 24,
    stages: [stage(4, 3, 1, 32, 2), stage(4, 5, 2, 56, 2), stage(4, 5, 1, 72, 2), stage(6, 3, 2, 120, 2)],
    headWidth: 384,
  },
  {
    name: "efficientnet-tiny@28px",
    stemWidth: 8,
    stages: [stage(3, 3, 2, 16, 1), stage(3, 3, 2, 24, 2)],
    headWidth: 64,
  },
  {
    name: "mobilenet@28px",
    // Narrower than the first stage, so that no block of a student passes its input on.
    stemWidth: 8,
    stages: [stage(6, 5, 1, 16, 3), stage(6, 5, 2, 32, 3), stage(6, 5, 2, 64, 3)],
    headWidth: 128,
    plain: true,
  },
];

/**
 * Teacher networks for 28x28x1 images in ten classes: EfficientNet's of about 5.6, 16 and 0.3 million MACs (the last for quick
 * trials), and MobileNet's of 7.5 million.
 */
export function smallTeachers(): Architecture[] {
  return TEACHERS.map(({ name, stemWidth, stages, headWidth, plain = false }) => ({
    name,
    input: { height: 28, width: 28, channels: 1 },
    stem: [conv(3, stemWidth, { stride: 2 }), ...(plain ? [] : stageLayers(stage(1, 3, 1, stemWidth, 1)))],
    blocks: stages.map((each) => stageLayers(each, plain ? { seRatio: 0 } : {})),
    head: [conv(1, headWidth)],
    classes: 10,
    padding: "same",
    batchNormEpsilon: 1e-3,
  }));
}
