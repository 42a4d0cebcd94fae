import { conv } from "../layers";
import type { Architecture, MBConvOp } from "../types";
import { type StageSpec, stage, stageLayers } from "./efficientnet";

interface TeacherSpec {
  readonly name: string;
  /** The stem halves the image, then has one layer without expansion. */
  readonly stemWidth: number;
  readonly stages: readonly StageSpec[];
  readonly headWidth: number;
  /** ReLU without squeeze-excite and without the layer behind the stem, as MobileNet; else as EfficientNet. */
  readonly plain?: boolean;
}

const PLAIN: Pick<MBConvOp, "seRatio" | "activation"> = { seRatio: 0, activation: "relu" };

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
    stemWidth: 8,
    stages: [stage(6, 5, 1, 16, 3), stage(6, 5, 2, 32, 3), stage(6, 5, 1, 48, 3), stage(6, 5, 2, 80, 3)],
    headWidth: 80,
    plain: true,
  },
];

/**
 * Teacher networks for 28x28x1 images in ten classes: EfficientNet's of about 5.6, 16 and 0.3 million MACs (the last for quick
 * trials), and MobileNet's of 13.4 million.
 */
export function smallTeachers(): Architecture[] {
  return TEACHERS.map(({ name, stemWidth, stages, headWidth, plain = false }) => ({
    name,
    input: { height: 28, width: 28, channels: 1 },
    stem: plain
      ? [conv(3, stemWidth, { stride: 2, activation: "relu" })]
      : [conv(3, stemWidth, { stride: 2 }), ...stageLayers(stage(1, 3, 1, stemWidth, 1))],
    blocks: stages.map((each) => stageLayers(each, plain ? PLAIN : {})),
    head: [conv(1, headWidth, plain ? { activation: "relu" } : {})],
    classes: 10,
    padding: "same",
    batchNormEpsilon: 1e-3,
  }));
}
