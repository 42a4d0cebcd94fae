import { z } from "zod";
import { COUNTS, must } from "../core/config-schema";
import { MEMORY_RULE } from "./pictures";

/** Pixels. */
const side = z.int().min(1).max(4096);
const channels = z.union([z.literal(1), z.literal(3)]);

/**
 * Which images, and how they are divided, as a configuration says it; `loadDataset` takes it.
 * @param usual What is taken where it is left out.
 */
export function dataSchema(usual: { readonly name: string }) {
  return z.strictObject({
    /** A data set's name; or pictures of one's own: a folder, a zip file, or any name when `root` says where they are. */
    name: z.string().min(1).default(usual.name),
    /** Folder or zip file with the files; without it the usual places are searched. */
    root: z.string().optional(),
    /** What pictures of one's own are scaled to, see `PictureShape`; their common size when left out. */
    shape: z
      .union(
        [
          side,
          z.tuple([side, side]),
          z.tuple([side, side, channels]),
          z.strictObject({ height: side, width: side, channels: channels.optional() }),
        ],
        must(
          'a side, [height, width], [height, width, channels] or { "height", "width", "channels" }, channels 1 or 3',
        ),
      )
      .optional(),
    /** A picture that cannot be read ends the run; otherwise it is left out, with a warning. */
    strict: z.boolean().optional(),
    /** Most bytes of decoded pictures in memory, see `PictureOptions`; what is more is read batch by batch. */
    memory: z
      .union([z.number(), z.string()], must(MEMORY_RULE.must))
      .refine((value) => MEMORY_RULE.holds(value), { error: `must be ${MEMORY_RULE.must}` })
      .optional(),
    trainCount: COUNTS.images.optional(),
    /** When left out: 5,000 of the data sets known by name, of others see `DivisionOptions`. */
    validationCount: COUNTS.images.optional(),
    testCount: COUNTS.images.optional(),
  });
}
