import { ConfigError } from "../core";
import { layerOutput, type SearchSpace, supernetInput, supernetLayers } from "../space";
import { stemCost } from "./block-cost";
import { layerCost } from "./layer-cost";

/**
 * Multiply-adds of one image's forward pass through a cell **inside its supernet**, the mean over its paths: the last layer
 * emits the teacher's channels there (an adapter's are not counted), and cells of block 0 have the student's stem. A step of
 * the cell's distillation costs about in proportion to it, wherever layers draw their ops uniformly.
 * @throws SpaceError when the space has no such cell.
 */
export function meanPathMacs(space: SearchSpace, block: number, cell: number): number {
  let shape = supernetInput(space, block);
  let macs = block === 0 ? stemCost(space).macs : 0;
  for (const ops of supernetLayers(space, block, cell)) {
    macs += ops.reduce((sum, op) => sum + layerCost(op, shape).macs, 0) / ops.length;
    shape = layerOutput(ops[0], shape);
  }
  return macs;
}

/** {@link meanPathMacs} of all cells together, by block: one epoch of every cell costs it for each image. */
export function blockPathMacs(space: SearchSpace): number[] {
  return space.blocks.map(({ cells }, block) =>
    cells.reduce((sum, _, cell) => sum + meanPathMacs(space, block, cell), 0),
  );
}

/**
 * Epochs for each block of a space with which its distillation costs what another one's does: other cells around the same
 * teacher's blocks, all trained for `epochs`. At least one each.
 * @throws ConfigError when the spaces have different numbers of blocks.
 */
export function equalCostEpochs(space: SearchSpace, other: SearchSpace, epochs: number): number[] {
  const [own, others] = [blockPathMacs(space), blockPathMacs(other)];
  if (own.length !== others.length) {
    throw new ConfigError(
      `equalCostEpochs: both spaces must have as many blocks, got ${own.length} and ${others.length}; build them from the same teacher.split(...)`,
    );
  }
  return own.map((macs, block) => Math.max(1, Math.round((epochs * others[block]) / macs)));
}

/**
 * Multiply-adds of all forward passes of a distillation.
 * @param epochs Of every cell, by block or for all.
 * @param images Seen by each cell in an epoch.
 */
export function distillationMacs(space: SearchSpace, epochs: number | readonly number[], images: number): number {
  return blockPathMacs(space).reduce(
    (sum, macs, block) => sum + images * macs * (typeof epochs === "number" ? epochs : epochs[block]),
    0,
  );
}
