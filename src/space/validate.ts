import { SpaceError, shown } from "../core";
import { cellPlaces, supernetInput } from "./block";
import { checkKeys } from "./layers";
import { checkOp } from "./ops";
import { checkShape, formatShape, layerOutputs, sameShape } from "./shapes";
import type { BlockVariant, LayerPlace, SearchSpace } from "./types";

/**
 * Checks that a search space hangs together: shapes follow from one block to the next, strides give the teacher's sizes,
 * cells are deep enough, ops are well-formed.
 * @throws SpaceError naming the block and what must hold.
 */
export function validateSpace(space: SearchSpace): void {
  const { name, input, stem, blocks, head } = space;
  checkShape(input, `${name}: input`);
  if (blocks.length === 0) throw new SpaceError(`${name}: a search space needs at least one block, got none`);
  layerOutputs(stem, input, `${name}: stem layer`);
  blocks.forEach((block, i) => {
    const place = `${name}, block ${i}`;
    const before = i === 0 ? input : blocks[i - 1].output;
    checkShape(block.output, `${place}: output`);
    if (!sameShape(block.input, before)) {
      throw new SpaceError(
        `${place}: input must be ${i === 0 ? "the image" : "the output of the block before"}, ${formatShape(before)}, got ${formatShape(block.input)}`,
      );
    }
    if (block.ops.length === 0 || block.cells.length === 0) {
      throw new SpaceError(
        `${place}: needs at least one op and one cell, got ${block.ops.length} and ${block.cells.length}`,
      );
    }
    block.ops.forEach((op, j) => {
      checkOp(op, `${place}: op ${j}`);
    });
    let { height, width } = supernetInput(space, i);
    for (let s = block.stride; s > 1; s /= 2) {
      height = Math.ceil(height / 2);
      width = Math.ceil(width / 2);
    }
    const hasIdentity = block.ops.some(({ kind }) => kind === "identity");
    for (const [j, cell] of block.cells.entries()) {
      checkCell(cell, `${place}: cell ${j}`);
      const [first] = cellPlaces(block, cell);
      checkShape({ ...block.output, channels: cell.width }, `${place}: cell width`);
      if (hasIdentity && !block.adapter && cell.width !== block.output.channels) {
        throw new SpaceError(
          `${place}: with an identity among the ops every cell must be as wide as the teacher, ${block.output.channels}, got ${cell.width}; set \`adapter: true\` for cells of their own width`,
        );
      }
      // Rated as passing the teacher's feature map on, it must not be another layer behind a narrower cell.
      const passes = hasIdentity && i > 0 && first.stride === 1 && first.width === block.input.channels;
      const other = passes && blocks[i - 1].cells.find(({ width }) => width !== block.input.channels);
      if (other) {
        throw new SpaceError(
          `${place}: with an identity among the ops of a first layer that keeps the shape, every cell of the block before must be as wide as the teacher, ${block.input.channels}, got ${other.width}`,
        );
      }
    }
    if (height !== block.output.height || width !== block.output.width) {
      throw new SpaceError(
        `${place}: stride ${block.stride} must give the teacher's ${block.output.height}x${block.output.width}, gives ${height}x${width}; change the stride${i === 0 ? " or the stem" : ""}`,
      );
    }
  });
  layerOutputs(head, { ...blocks[blocks.length - 1].output }, `${name}: head layer`);
}

const CELL: readonly (keyof BlockVariant)[] = ["depth", "width", "layers"];
const PLACE: readonly (keyof LayerPlace)[] = ["width", "stride"];

function checkCell(cell: BlockVariant, place: string): void {
  if (typeof cell !== "object" || cell === null || Array.isArray(cell)) {
    throw new SpaceError(`${place} must be { depth, width }, got ${shown(cell)}`);
  }
  checkKeys(cell, CELL, place);
  cell.layers?.forEach((layer, i) => {
    checkKeys(layer, PLACE, `${place}, layer ${i}`);
  });
}
