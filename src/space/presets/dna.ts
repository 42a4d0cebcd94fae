import { conv } from "../layers";
import { mbconv, placeOp } from "../ops";
import type { Architecture, BlockSpace, BlockVariant, Layer, SearchSpace } from "../types";
import { stage, stageLayers } from "./efficientnet";

const INPUT = { height: 224, width: 224, channels: 3 } as const;
const STRIDES = [2, 2, 2, 1, 2, 1] as const;
/** Ops of every layer, in the order of the released code. */
const OPS = mbconv([3, 5, 7], [6, 3]);

const stem = (): Layer[] => [conv(3, 32, { stride: 2 }), ...stageLayers(stage(1, 3, 1, 16, 1))];
const settings = { classes: 1000, padding: "symmetric", batchNormEpsilon: 1e-5 } as const;

/** Found networks of the paper: width and `kernel expansion` of each layer, block by block. */
const FOUND: Readonly<Record<string, readonly (readonly [number, string])[]>> = {
  "dna-a": [
    [24, "53 33 36"],
    [40, "33 33 53 36"],
    [80, "76 33 53 36"],
    [96, "56 53 53 56"],
    [160, "56 53 53 53 56"],
    [320, "36"],
  ],
  "dna-b": [
    [24, "33 53 76"],
    [40, "76 53 76"],
    [80, "56 53 53 36"],
    [96, "56 53 53 56"],
    [192, "76 53 53 53 76"],
    [320, "36"],
  ],
  "dna-c": [
    [24, "56 36"],
    [40, "56 56 36 56"],
    [80, "56 36 56 56"],
    [112, "36 56 56 53"],
    [192, "56 53 56 56"],
    [320, "36"],
  ],
  "dna-d": [
    [24, "76 56 76"],
    [40, "76 76 76 76"],
    [80, "76 56 56 76"],
    [112, "76 56 76 56"],
    [192, "76 56 56 56 76"],
    [320, "36"],
  ],
};

/** DNA-a to DNA-d (Li et al., CVPR 2020). */
export function dnaNetworks(): Architecture[] {
  return Object.entries(FOUND).map(([name, blocks]) => ({
    name,
    input: INPUT,
    stem: stem(),
    blocks: blocks.map(([width, path], block) =>
      path.split(" ").map((op, layer) => {
        const [kernelSize, expansion] = [...op].map(Number);
        return placeOp(mbconv([kernelSize], [expansion])[0], width, layer === 0 ? STRIDES[block] : 1);
      }),
    ),
    head: [conv(1, 1280)],
    ...settings,
    dropout: 0.2,
    dropConnect: 0.2,
  }));
}

const cells = (...pairs: readonly (readonly [number, number])[]): BlockVariant[] =>
  pairs.map(([depth, width]) => ({ depth, width }));

/** EfficientNet-B7's feature maps at 224x224 (`[size, channels]`) and the cells that imitate them. */
const BLOCKS: readonly (readonly [number, number, readonly BlockVariant[]])[] = [
  [56, 48, cells([2, 24], [3, 24], [2, 32])],
  [28, 80, cells([2, 40], [3, 40], [4, 40])],
  [14, 160, cells([2, 80], [3, 80], [4, 80])],
  [14, 224, cells([3, 112], [4, 112], [4, 96])],
  [7, 384, cells([4, 192], [5, 192], [5, 160])],
  [7, 640, cells([1, 320])],
];

/** Where the cells of the space come from. */
export const DNA_NOTE =
  "The table of cells is reconstructed: the paper prints it, but no text of it could be read when this was written. It is " +
  "checked by three facts: its networks number 195,898,498,887,057,408, which the journal version rounds to 2e17; DNA-a to " +
  "DNA-d use exactly these pairs of layers and widths; and the released script's FLOPs table has rows that arise from the " +
  "widths 32, 96 and 160 alone.";

/**
 * DNA's search space (Li et al., CVPR 2020) with an EfficientNet-B7 teacher at 224x224: 23,046 candidates of blocks,
 * 195,898,498,887,057,408 networks. Three cells a block, one in the last; fixed stem and head; squeeze-excite of a quarter
 * of a layer's **input** channels. In the supernet a cell's last layer emits the teacher's channels and is not residual; in
 * the assembled network it has the cell's width and is.
 *
 * **The table of cells is reconstructed**, see `DNA_NOTE`.
 */
export function dnaSpace(): SearchSpace {
  const outputs = BLOCKS.map(([size, channels]) => ({ height: size, width: size, channels }));
  return {
    name: "dna",
    input: INPUT,
    stem: stem(),
    blocks: BLOCKS.map(
      ([, , blockCells], i): BlockSpace => ({
        stride: STRIDES[i],
        input: i === 0 ? INPUT : outputs[i - 1],
        output: outputs[i],
        ops: OPS,
        cells: blockCells,
      }),
    ),
    head: [conv(1, 1280)],
    ...settings,
  };
}
