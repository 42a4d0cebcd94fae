import { type BlockSpaceOptions, type BlockVariant, blockSpace, mbconv, type SearchSpace } from "../space";
import type { TeacherBlock } from "./split";
import type { Teacher } from "./teacher";

/** DNA's MBConv layers, and timm's usual squeeze-excite: what is meant where only some of the three are given. */
const KERNELS = [3, 5, 7] as const;
const EXPANSIONS = [6, 3] as const;
const SE_RATIO = 0.25;

/** What the student around each teacher block may look like. */
export interface StudentOptions extends Partial<Pick<BlockSpaceOptions, "ops" | "cellsPerBlock" | "adapter">> {
  /** MBConv layers of these kernels, expansions and squeeze-excite in place of `ops`, where any of them is given. */
  readonly kernels?: readonly number[];
  readonly expansions?: readonly number[];
  readonly seRatio?: number;
  /** `[block][cell]`; from the teacher's shapes when left out. */
  readonly cells?: readonly (readonly BlockVariant[])[];
}

/**
 * The search space around a teacher's blocks, as wide, padded and normalised as the teacher, with its classes.
 * @throws SpaceError when a cell is too shallow for its block's stride, or an op or width is malformed.
 */
export function studentSpace(
  { architecture }: Pick<Teacher, "architecture">,
  blocks: readonly TeacherBlock[],
  { kernels, expansions, seRatio, ops, ...options }: StudentOptions = {},
): SearchSpace {
  const { padding, batchNormEpsilon, classes } = architecture;
  const asMBConv = [kernels, expansions, seRatio].some((given) => given !== undefined);
  return blockSpace(blocks, {
    padding,
    batchNormEpsilon,
    classes,
    ...options,
    ...(asMBConv && { ops: mbconv(kernels ?? KERNELS, expansions ?? EXPANSIONS, { seRatio: seRatio ?? SE_RATIO }) }),
    ...(ops && { ops }),
  });
}
