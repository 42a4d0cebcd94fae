import { conv } from "../layers";
import type { Architecture } from "../types";
import { type StageSpec, stage, stageLayers } from "./efficientnet";

interface TeacherSpec {
  readonly name: string;
  /** The stem halves the image, then has one layer without expansion. */
  readonly stemWidth: number;
  readonly stages: readonly StageSpec[];
  readonly headWidth: number;
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
];

/** Teacher networks for 28x28x1 images in ten classes: about 5.6, 16 and 0.3 million MACs (the last for quick trials). */
export function smallTeachers(): Architecture[] {
  return TEACHERS.map(({ name, stemWidth, stages, headWidth }) => ({
    name,
    input: { height: 28, width: 28, channels: 1 },
    stem: [conv(3, stemWidth, { stride: 2 }), ...stageLayers(stage(1, 3, 1, stemWidth, 1))],
    blocks: stages.map(stageLayers),
    head: [conv(1, headWidth)],
    classes: 10,
    padding: "same",
    batchNormEpsilon: 1e-3,
  }));
}
