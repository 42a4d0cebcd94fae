import { z } from "zod";
import { MOST } from "../../core";
import { risingInterval } from "../../core/config-schema";
import { MOST_MAGNITUDE } from "./options";

/** Random changes of training images, each explained in `Augmentation`, as a configuration says them. */
export const augmentationSchema = z.strictObject({
  flip: z.boolean().optional(),
  shift: z.int().min(0).max(MOST.side).optional(),
  crop: z.strictObject({ scale: risingInterval(1).optional(), ratio: risingInterval(100).optional() }).optional(),
  jitter: z
    .strictObject({
      brightness: z.number().min(0).optional(),
      contrast: z.number().min(0).optional(),
      saturation: z.number().min(0).optional(),
      hue: z.number().min(0).max(0.5).optional(),
    })
    .optional(),
  randAugment: z
    .strictObject({ ops: z.int().min(1).optional(), magnitude: z.int().min(0).max(MOST_MAGNITUDE).optional() })
    .optional(),
  erase: z
    .strictObject({
      share: z.number().min(0).max(1).optional(),
      scale: risingInterval(1).optional(),
      ratio: risingInterval(100).optional(),
    })
    .optional(),
  mixup: z.number().gt(0).optional(),
});
