import { z } from "zod";
import { COUNTS, withoutDefaults } from "../core/config-schema";
import { RATE_DEFAULTS, SCORES } from "./rate-options";

/**
 * How candidates are rated, each explained in `RateOptions`, as a configuration says it.
 * @param usual What is taken where it is left out: validation images to rate on.
 */
export function rateSchema(usual: { readonly images: number }) {
  return z
    .strictObject({
      images: COUNTS.images.default(usual.images),
      calibrationImages: COUNTS.images.min(2).default(RATE_DEFAULTS.calibrationImages),
      batchSize: COUNTS.batchSize.min(2).default(RATE_DEFAULTS.batchSize),
      score: z.enum(SCORES).default(RATE_DEFAULTS.score),
      recalibrate: z.boolean().default(RATE_DEFAULTS.recalibrate),
      readout: z.enum(["none", "linear"]).default(RATE_DEFAULTS.readout),
    })
    .refine(({ readout, recalibrate }) => readout === "none" || recalibrate, {
      path: ["readout"],
      message: 'is fitted on the calibration images, which "recalibrate": false leaves out: leave that at true',
    });
}

/** What a configuration says of rating. */
export type RateConfig = z.output<ReturnType<typeof rateSchema>>;

/** All of a configuration that decides a rating. */
export function rateReads(config: RateConfig): Record<string, unknown> {
  return { ...config, ...withoutDefaults(config, RATE_DEFAULTS, ["readout"]) };
}
