import type { MeasuredNetwork } from "../../viz";

/** A measured network with what rating predicted of it. */
export interface FrontNetwork extends MeasuredNetwork {
  readonly params: number;
  /** Label of the network that it is as well: drawn at random, it happened to be a found one. */
  readonly sameAs?: string;
  /** One standard error of the accuracy over several trainings, a share; of one training it is that of the test images. */
  readonly standardError?: number;
  /** Seeds of the trainings whose mean the accuracy is, where there are several. */
  readonly seeds?: readonly number[];
  /** Images of the test split. */
  readonly images: number;
  /** Undefined where it was never measured, of a teacher from a file. */
  readonly validationAccuracy?: number;
  /** Summed rating; the teacher has none. */
  readonly score?: number;
}
