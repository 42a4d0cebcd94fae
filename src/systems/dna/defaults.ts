import { RIVALS } from "../../retrain";
import { ALONG_FRONT } from "../../search";
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
  /** Training images whose features the supernets imitate. */
  distillImages: 10_000,
  /** Validation images that candidates are rated on. */
  ratingImages: 512,
  /** Networks that are trained briefly to calibrate the ratings, in so many rounds. */
  evidence: BRIEF_DEFAULTS,
  /** Share of the teacher's MACs that the found network may have: there networks of equal MACs differ twice as much as trainings do. */
  macsOfTeacher: 0.09,
  retrainEpochs: 2,
  /** Networks of the predicted front that are retrained, the best within the budget included. */
  alongFront: ALONG_FRONT,
  /** Random networks of the same cost to compare with. */
  random: RIVALS.count,
  /** Largest relative distance in MACs that counts as the same cost. */
  tolerance: RIVALS.tolerance,
} as const;
