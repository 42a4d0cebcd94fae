import { checkOptions, type OptionRules, rule, SpaceError } from "../../core";
import { strideBetween } from "../block";
import { CountedSpace } from "../counted-space";
import { conv, roundChannels } from "../layers";
import { completeOp, mbconv } from "../ops";
import { layerOutputs } from "../shapes";
import type {
  Activation,
  BlockSpace,
  BlockVariant,
  CandidateOp,
  GivenOp,
  ImageShape,
  Layer,
  SearchSpace,
} from "../types";
import { validateSpace } from "../validate";

/** What a teacher's block says about the search: its feature maps. A `TeacherBlock` is one. */
export interface BlockShapes {
  readonly input: ImageShape;
  readonly output: ImageShape;
}

/** How the students around a teacher's blocks look; every part has a default. */
export interface BlockSpaceOptions {
  readonly name?: string;
  /**
   * Ops of every layer, or a list of them for each block: `[mbconv([3], [3, 6]), residual([3])]` for two blocks; see
   * {@link MINI_OPS} for the default. An op may be its values: `{ kernelSize: 3, expansion: 6, seRatio: 0 }`.
   */
  readonly ops?: readonly GivenOp[] | readonly (readonly GivenOp[])[];
  /** Cells of every block, by block, or from its number and shapes; see {@link miniCells} for the default. */
  readonly cells?:
    | readonly (readonly BlockVariant[])[]
    | ((block: number, shapes: BlockShapes, stride: number) => readonly BlockVariant[]);
  /** At most so many cells a block, the first ones; 1 is the paper's ablation "single cell". */
  readonly cellsPerBlock?: number;
  /**
   * Whether cells of other widths than the teacher's are rated as they will be, behind a 1x1 convolution that stays in the
   * supernet (see `BlockSpace.adapter`); true unless given. `false` is DNA's way: a cell's last layer emits the teacher's channels.
   */
  readonly adapter?: boolean;
  /**
   * The student's stem; a 3x3 convolution of stride 2 to 8 channels when left out (stride 1 for a block that keeps the size),
   * with the activation of the ops.
   */
  readonly stem?: readonly Layer[];
  /** Layers after the last block; a 1x1 convolution to 128 channels when left out, with the activation of the ops. */
  readonly head?: readonly Layer[];
  readonly classes?: number;
  readonly padding?: SearchSpace["padding"];
  readonly batchNormEpsilon?: number;
}

/** What each option must be; ops, cells and layers are checked with the space. */
export const BLOCK_SPACE_RULES: OptionRules<BlockSpaceOptions> = {
  name: rule.text,
  ops: rule.any,
  cells: rule.any,
  cellsPerBlock: rule.wholeFrom(1),
  adapter: rule.boolean,
  stem: rule.any,
  head: rule.any,
  classes: rule.wholeFrom(1),
  padding: rule.oneOf("same", "symmetric"),
  batchNormEpsilon: rule.above(0),
};

/**
 * Default ops: none, so that depth is searched, or a small or large MBConv (those of NAS-Bench-Macro, with SiLU), each with
 * squeeze-excite or without. With these, networks of equal MACs differ by where they spend them: `bench -- spread` measures it.
 */
export const MINI_OPS: readonly CandidateOp[] = [
  { kind: "identity" },
  ...[0, 0.25].flatMap((seRatio) => [...mbconv([3], [3], { seRatio }), ...mbconv([5], [6], { seRatio })]),
];
const MINI_DEPTH = 3;

/** Widths of the default cells as shares of the teacher's channels, the two first that a block may have. */
const WIDTHS = [1, 1 / 2, 3 / 4];

/**
 * Default cells of a block: three layers as wide as the teacher, and three at half of its channels behind an adapter, so that
 * each rating is of the width that the cell will have. At small budgets width is what is spared first: with the teacher's
 * width alone few networks are that cheap, and at a twentieth of its MACs 5/8 leaves no room for a layer in every block.
 * Where a first identity would be rated as passing the teacher's map on (a block that keeps its shape, after one that may be
 * narrower), 3/4 takes the place of that width.
 */
export function miniCells(block: number, { input, output }: BlockShapes, stride: number): BlockVariant[] {
  const depth = Math.max(MINI_DEPTH, Math.log2(stride));
  const widths = new Set(WIDTHS.map((share) => Math.max(1, Math.round(share * output.channels))));
  if (block > 0 && stride === 1) widths.delete(input.channels);
  return [...widths].slice(0, 2).map((width) => ({ depth, width }));
}

/**
 * Cells as DNA has them, variants of depth and width, for spaces without an adapter: two layers at half the teacher's channels,
 * two and three at a third (rounded to eights, never more than the teacher has).
 *
 * No cell has a single layer: in DNA's supernet that layer goes straight to the teacher's channels, so its rating would say
 * nothing of the width it has in the assembled network, and flatter it.
 */
export function dnaCells(_block: number, { output }: BlockShapes, stride: number): BlockVariant[] {
  const width = (part: number) => Math.min(output.channels, roundChannels(output.channels * part));
  const depth = (least: number) => Math.max(least, Math.log2(stride));
  const cells = [
    { depth: depth(2), width: width(1 / 2) },
    { depth: depth(2), width: width(1 / 3) },
    { depth: depth(3), width: width(1 / 3) },
  ];
  const seen = new Set<string>();
  return cells.filter(({ depth, width }) => !seen.has(`${depth}/${width}`) && seen.add(`${depth}/${width}`));
}

/**
 * The search space of students that imitate a teacher block by block.
 * @throws SpaceError when the shapes do not follow from one another or a cell is too shallow for its block's stride;
 *   ConfigError for an option that is not known.
 */
export function blockSpace(blocks: readonly BlockShapes[], options: BlockSpaceOptions = {}): CountedSpace {
  checkOptions("blockSpace", options, BLOCK_SPACE_RULES);
  const {
    name = "dna-mini",
    ops = MINI_OPS,
    cells = miniCells,
    cellsPerBlock = Number.POSITIVE_INFINITY,
    adapter = true,
    classes = 10,
    padding = "same",
    batchNormEpsilon = 1e-3,
  } = options;
  const opsOf = byBlock(name, ops, blocks.length);
  if (typeof cells !== "function" && cells.length !== blocks.length) {
    throw new SpaceError(
      `${name}: cells must be one list for each of the ${blocks.length} blocks, got ${cells.length}; give one list a block, or a function of the block`,
      { blocks: blocks.length, lists: cells.length },
    );
  }
  const activation = activationOf(opsOf.flat());
  const head = options.head ?? [conv(1, 128, { activation })];
  const input = blocks[0]?.input ?? { height: 0, width: 0, channels: 0 };
  const stem = options.stem ?? [conv(3, 8, { stride: blocks[0]?.output.height < input.height ? 2 : 1, activation })];
  const entering = blocks.length === 0 ? input : (layerOutputs(stem, input, `${name}: stem layer`).at(-1) ?? input);
  const space: SearchSpace = {
    name,
    input,
    stem,
    blocks: blocks.map((shapes, i): BlockSpace => {
      const stride = strideBetween(i === 0 ? entering : shapes.input, shapes.output, `${name}, block ${i}`);
      const { input: from, output } = shapes;
      return {
        stride,
        input: from,
        output,
        ops: opsOf[i].map((op, j) => completeOp(op, `${name}, block ${i}: op ${j}`)),
        cells: (typeof cells === "function" ? cells(i, shapes, stride) : (cells[i] ?? [])).slice(0, cellsPerBlock),
        ...(adapter && { adapter }),
      };
    }),
    head,
    classes,
    padding,
    batchNormEpsilon,
  };
  validateSpace(space);
  return new CountedSpace(space);
}

/** That of the first op that has ReLU or ReLU6, else SiLU; ops are checked later. */
function activationOf(ops: Ops): Activation {
  const activations = ops.map((op) => (op as { readonly activation?: Activation } | null)?.activation);
  return activations.find((activation) => activation === "relu" || activation === "relu6") ?? "silu";
}

type Ops = readonly GivenOp[];

/** The ops of each block. @throws SpaceError when lists and ops are mixed, or there is not one list a block. */
function byBlock(name: string, ops: Ops | readonly Ops[], blocks: number): Ops[] {
  if (!Array.isArray(ops)) {
    throw new SpaceError(
      `${name}: ops must be a list of operations, got ${JSON.stringify(ops)}; e.g. mbconv([3, 5], [6])`,
    );
  }
  const lists = ops.filter((one: unknown): one is Ops => Array.isArray(one));
  if (lists.length === 0) return new Array<Ops>(blocks).fill(ops as Ops);
  if (lists.length !== ops.length) {
    throw new SpaceError(
      `${name}: ops must be operations, or one list of them for each block, got both; spread lists into one: [...mbconv([3], [6]), ...conv([3])]`,
    );
  }
  if (lists.length !== blocks) {
    throw new SpaceError(
      `${name}: ops by block must be one list for each of the ${blocks} blocks, got ${lists.length}; for the same ops in every block give one list: [...mbconv([3], [6]), ...conv([3])]`,
      { blocks, lists: lists.length },
    );
  }
  return lists;
}
