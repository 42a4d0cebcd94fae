import { existsSync } from "node:fs";
import { z } from "zod";
import { readJsonAs } from "../../core";
import type { Provenance } from "../provenance";
import { RESULT_MEND } from "./raw-ratings";

/** A network of the benchmark, trained here from scratch. */
export interface RetrainedRecord {
  readonly key: string;
  /** Multiply-adds of convolutions and linear layers. */
  readonly macs: number;
  readonly params: number;
  /** Top-1, 0..1. */
  readonly validationAccuracy: number;
  readonly testAccuracy: number;
  readonly testImages: number;
  readonly minutes: number;
  readonly seed: number;
}

/** Networks trained by one recipe. */
export interface Retraining {
  /** Options of the training, images and seed. */
  readonly recipe: unknown;
  readonly networks: readonly RetrainedRecord[];
  readonly provenance: Provenance;
}

const retrainingSchema = z.looseObject({
  networks: z.array(z.looseObject({ key: z.string(), macs: z.number(), testAccuracy: z.number() })),
});

/** Networks that a study trained. @throws CheckpointError when the file is absent, damaged, of another form, or not finite. */
export function readRetraining(path: string): Retraining {
  return readJsonAs(path, retrainingSchema, {
    what: "the networks that a study trained",
    mend: RESULT_MEND,
  }) as unknown as Retraining;
}

/** Networks that were trained here by one recipe; undefined when the file is absent. */
export function storedRetraining(path: string): Retraining | undefined {
  return existsSync(path) ? readRetraining(path) : undefined;
}
