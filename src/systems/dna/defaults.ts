import { BRIEF_DEFAULTS } from "../../surrogate";

/**
 * Sizes of the reduced-scale recipe (28x28 images, two cores, about a quarter of an hour); how each step is done has its
 * defaults in the step's own room. The notebook and `blockwise run` both take them.
 */
export const DNA_MINI = {
  dataset: "fashion-mnist",
  /** Images held out of the training file: for rating and for watching trainings. */
  validationCount: 5000,
  teacher: "mobilenet@28px",
  teacherEpochs: 2,
  split: "stages",
  /** Of MBConv layers where an experiment names some of the three: DNA's. Else see `MINI_OPS`. */
  kernels: [3, 5, 7],
  expansions: [6, 3],
  seRatio: 0.25,
  /** Training images whose features the supernets imitate. */
  distillImages: 10_000,
  /** Validation images that candidates are rated on. */
  ratingImages: 512,
  /** Networks that are trained briefly to calibrate the ratings, in so many rounds. */
  evidence: BRIEF_DEFAULTS,
  /** Share of the teacher's MACs that the found network may have. */
  macsOfTeacher: 0.1,
  retrainEpochs: 2,
  /** Networks of the predicted front that are retrained, the best within the budget included. */
  alongFront: 4,
  /** Random networks of the same cost to compare with. */
  random: 6,
  /** Largest relative distance in MACs that counts as the same cost. */
  tolerance: 0.05,
} as const;
