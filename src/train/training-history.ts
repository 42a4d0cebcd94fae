import { z } from "zod";

/** What one epoch of a training did. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Mean training loss of the epoch's batches. */
  readonly loss: number;
  /** Share of augmented training images classified right, while learning; of mixed ones by the label of the image itself. */
  readonly trainAccuracy: number;
  /** On the validation split; absent in epochs after which it was not measured. */
  readonly validationAccuracy?: number;
  /** At the epoch's last step. */
  readonly learningRate: number;
  /** Training alone, without validation. */
  readonly durationMs: number;
}

/** An {@link EpochRecord} as files hold it. */
export const epochRecordSchema: z.ZodType<EpochRecord> = z.object({
  epoch: z.number(),
  loss: z.number(),
  trainAccuracy: z.number(),
  validationAccuracy: z.number().optional(),
  learningRate: z.number(),
  durationMs: z.number(),
});

export interface TrainingHistory {
  readonly epochs: readonly EpochRecord[];
  /** On the validation split, after the last epoch, of a fine-tuning the best; undefined where it was never measured. */
  readonly accuracy?: number;
  /** Images it was measured on. */
  readonly validationImages: number;
  /** Training images a second over all epochs. */
  readonly imagesPerSecond: number;
}

/** Of a training that was done here: it ends with a measurement. */
export type MeasuredHistory = TrainingHistory & { readonly accuracy: number };
