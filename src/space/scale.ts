import { channelsAfter } from "./layers";
import type { Architecture, Layer } from "./types";

/** Factors of a network's widths and of the depths of its blocks, each in (0, 1]. */
export interface Scale {
  readonly width: number;
  readonly depth: number;
}

/** Widths that are one number: layers without a change of shape between them, so that what is added stays of one shape. */
interface WidthGroup {
  /** Of the network as it was. */
  readonly channels: number;
}

/**
 * Tells groups of equal width apart where they meet the same rounding: of two that would lose a channel at the very same
 * factor, the later one loses it first, so that costs fall in the smallest steps.
 */
const STAGGER = 1e-7;

/** The widths of a network in the order in which they come, each that a factor may change. */
export function widthGroups(architecture: Architecture): WidthGroup[] {
  const groups: WidthGroup[] = [];
  mapWidths(architecture, (channels, group) => {
    groups[group] = { channels };
    return channels;
  });
  return groups;
}

/** So many channels of a group by a factor, rounded to whole channels, one at least. */
export function scaledChannels(channels: number, width: number, group: number): number {
  return Math.max(1, Math.floor(channels * width + 0.5 - group * STAGGER));
}

/**
 * A network with other widths: all channels that leave its layers, in stem, blocks and head. Kernels, strides, expansions
 * and ratios of squeeze-excite stay.
 * @param widths Channels of each of {@link widthGroups}.
 */
export function withWidths(architecture: Architecture, widths: readonly number[]): Architecture {
  return mapWidths(architecture, (_, group) => widths[group]);
}

/**
 * A network whose stages have fewer layers: of each run of layers in a block that one change of shape begins, a share of the
 * operations (rounded to the nearest, one at least), the last ones left out. Stem and head stay as deep, strides and
 * identities stay.
 */
export function withDepth(architecture: Architecture, depth: number): Architecture {
  let { channels } = architecture.input;
  for (const layer of architecture.stem) channels = channelsAfter(layer, channels);
  return {
    ...architecture,
    blocks: architecture.blocks.map((block) => {
      const runs: Layer[][] = [];
      for (const layer of block) {
        const after = channelsAfter(layer, channels);
        if (runs.length === 0 || strideOf(layer) > 1 || after !== channels) runs.push([]);
        runs[runs.length - 1].push(layer);
        channels = after;
      }
      return runs.flatMap((run) => shortened(run, depth));
    }),
  };
}

/** Layers that do something, in all blocks. */
export function depthOf({ blocks }: Pick<Architecture, "blocks">): number {
  return blocks.flat().filter(({ kind }) => kind !== "identity").length;
}

function shortened(run: readonly Layer[], depth: number): Layer[] {
  const operations = run.filter(({ kind }) => kind !== "identity");
  const kept = new Set(operations.slice(0, Math.max(1, Math.round(operations.length * depth))));
  return run.filter((layer) => layer.kind === "identity" || kept.has(layer));
}

function strideOf(layer: Layer): number {
  return layer.kind === "identity" ? 1 : layer.stride;
}

function mapWidths(architecture: Architecture, width: (channels: number, group: number) => number): Architecture {
  let group = -1;
  let channels = architecture.input.channels;
  const scaled = (layer: Layer): Layer => {
    const after = channelsAfter(layer, channels);
    const changes = after !== channels || strideOf(layer) > 1 || group < 0;
    channels = after;
    if (layer.kind === "identity" || layer.kind === "maxpool" || layer.kind === "foreign") return layer;
    if (changes) group += 1;
    const outChannels = width(after, group);
    if (layer.kind !== "residual") return { ...layer, outChannels };
    // A basic block is as wide inside as outside; a bottleneck has an inner width of its own.
    if (layer.innerChannels === layer.outChannels) return { ...layer, outChannels, innerChannels: outChannels };
    return {
      ...layer,
      outChannels,
      innerChannels: Math.max(1, Math.round((layer.innerChannels * outChannels) / after)),
    };
  };
  const { stem, blocks, head, hidden } = architecture;
  const layers = {
    stem: stem.map(scaled),
    blocks: blocks.map((block) => block.map(scaled)),
    head: head.map(scaled),
  };
  if (!hidden) return { ...architecture, ...layers };
  return { ...architecture, ...layers, hidden: { ...hidden, features: width(hidden.features, group + 1) } };
}
