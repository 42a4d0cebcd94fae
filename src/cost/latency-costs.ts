import {
  type Architecture,
  assembledLayers,
  type Candidate,
  enumerateBlock,
  type ImageShape,
  layerOutput,
  type SearchSpace,
} from "../space";
import { type ByWidth, enteringShape, enteringWidths } from "./block-cost";
import { latencyKey } from "./latency-key";
import { type LatencyTable, latencyLookup, type PlacedLayer, placedLayers } from "./latency-table";

/** Every layer that a network of a space may have, at its place and each once: what a latency table must hold. */
export function layersOfSpace(space: SearchSpace): PlacedLayer[] {
  const placed = new Map<string, PlacedLayer>();
  const add = (layer: PlacedLayer["layer"], input: ImageShape) =>
    placed.set(latencyKey(layer, input), { layer, input });
  let shape = space.input;
  for (const layer of space.stem) {
    add(layer, shape);
    shape = layerOutput(layer, shape);
  }
  for (const block of space.blocks.keys()) {
    for (const candidate of enumerateBlock(space, block)) {
      for (const channels of enteringWidths(space, block)) walk(space, candidate, channels, add);
    }
  }
  const end = space.blocks.length;
  for (const channels of enteringWidths(space, end)) {
    let input = { ...enteringShape(space, end), channels };
    for (const layer of space.head) {
      add(layer, input);
      input = layerOutput(layer, input);
    }
    add({ kind: "classifier", classes: space.classes }, input);
  }
  return [...placed.values()];
}

/** The layers of networks, and of every network of spaces, each once: what has to be measured. */
export function layersToMeasure(...subjects: readonly (Architecture | SearchSpace)[]): PlacedLayer[] {
  const layers = subjects.flatMap((subject) =>
    isArchitecture(subject) ? placedLayers(subject) : layersOfSpace(subject),
  );
  return [...new Map(layers.map((placed) => [latencyKey(placed.layer, placed.input), placed])).values()];
}

/** Whether it is one network; else it is a space. */
export function isArchitecture(subject: Architecture | SearchSpace): subject is Architecture {
  return subject.blocks.every((block) => Array.isArray(block));
}

/** Latencies of a space's parts by the width of the block before, ms. @throws ConfigError when the table lacks a layer. */
export function latencyCosts(
  space: SearchSpace,
  table: LatencyTable,
): { readonly stem: number; readonly head: ByWidth; candidate(of: Candidate): ByWidth } {
  const lookUp = latencyLookup(table, () => layersOfSpace(space));
  const sumOf = (layers: readonly PlacedLayer["layer"][], from: ImageShape, before = 0) => {
    let input = from;
    return layers.reduce((sum, layer) => {
      const latency = lookUp(layer, input);
      if (layer.kind !== "classifier") input = layerOutput(layer, input);
      return sum + latency;
    }, before);
  };
  const byWidth = (block: number, latency: (channels: number) => number): ByWidth =>
    Object.fromEntries(enteringWidths(space, block).map((channels) => [channels, latency(channels)]));
  const end = space.blocks.length;
  return {
    // A call costs every network the same: it is counted with the layers that all have.
    stem: sumOf(space.stem, space.input, table.perCallMs),
    head: byWidth(end, (channels) =>
      sumOf([...space.head, { kind: "classifier", classes: space.classes }], {
        ...enteringShape(space, end),
        channels,
      }),
    ),
    candidate: (candidate) =>
      byWidth(candidate.block, (channels) => {
        let sum = 0;
        walk(space, candidate, channels, (layer, input) => {
          sum += lookUp(layer, input);
        });
        return sum;
      }),
  };
}

/** The layers of a candidate in the assembled network behind a width, one after another. */
function walk(
  space: SearchSpace,
  candidate: Candidate,
  channels: number,
  visit: (layer: PlacedLayer["layer"], input: ImageShape) => void,
): void {
  let input: ImageShape = { ...enteringShape(space, candidate.block), channels };
  for (const layer of assembledLayers(space, candidate)) {
    visit(layer, input);
    input = layerOutput(layer, input);
  }
}
