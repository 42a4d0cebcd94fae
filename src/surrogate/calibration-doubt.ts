import { percent } from "../core";
import type { Calibration } from "./calibrate";

/**
 * What makes a calibration doubtful, a sentence: it predicts trained networks that were left out no better than their mean
 * accuracy does. Trainings that are too short to tell networks apart may make ratings worse than they were.
 * @returns Undefined where it is better than that.
 */
export function calibrationDoubt(calibration: Pick<Calibration, "evidence" | "leftOut">): string | undefined {
  const { rmse, rmseOfMean } = calibration.leftOut();
  const { length: networks } = calibration.evidence;
  // The mean, too, without the network itself.
  const ofMean = (rmseOfMean * networks) / (networks - 1);
  if (rmse < ofMean) return undefined;
  const points = (share: number) => percent(share).replace("%", "points");
  return `Careful: of networks left out the calibration errs by ${points(rmse)}, and their mean accuracy alone by ${points(ofMean)}: these trainings hardly tell networks apart, and the ratings may be worse with them than without. Train longer, on more images, or more networks.`;
}
