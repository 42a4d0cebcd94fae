import type { ImageShape } from "../core";
import type { CellArchitecture } from "./cells";
import { scaledChannels, widthGroups, withWidths } from "./scale";
import type { Architecture } from "./types";

/**
 * A network with a share of its channels, for images of another size; a chain of layers or of cells alike. Kernels, strides,
 * depth and classes stay.
 * @param channels In (0, 1]: widths are rounded to whole channels, one at least.
 * @param input What its images are, `[height, width, channels]`.
 */
export function reducedNetwork<Network extends Architecture | CellArchitecture>(
  network: Network,
  channels: number,
  input: ImageShape,
): Network {
  return (
    "kind" in network ? reducedCells(network, channels, input) : reducedChain(network, channels, input)
  ) as Network;
}

function reducedCells(network: CellArchitecture, share: number, input: ImageShape): CellArchitecture {
  const { stem, stack, head } = network;
  const width = (channels: number) => Math.max(1, Math.round(share * channels));
  return {
    ...network,
    input,
    stem: { ...stem, channels: width(stem.channels) },
    stack: stack.map((part) => ({ ...part, width: width(part.width) })),
    head: head.kind === "embedding" ? { ...head, channels: width(head.channels) } : head,
  };
}

function reducedChain(network: Architecture, share: number, input: ImageShape): Architecture {
  const widths = widthGroups(network).map(({ channels }, group) => scaledChannels(channels, share, group));
  return { ...withWidths(network, widths), input };
}
