import { z } from "zod";
import { ConfigError, readJson, wrongForm } from "../core";
import {
  type Architecture,
  describeLayer,
  formatShape,
  type HiddenLayer,
  type ImageShape,
  type Layer,
  layerOutput,
} from "../space";

/** Marks a latency table's file and its version. */
const FORMAT = "blockwise-latency-1";

const entry = z.object({
  /** Layer and what enters, e.g. "ir_k3_s1_e6_c24_se0.25 @ 28x28x24"; see {@link latencyKey}. */
  key: z.string(),
  /** Of all runs. Milliseconds for the whole batch. */
  medianMs: z.number().min(0),
  /** Spread from the tenth to the ninetieth percentile, where it was kept. */
  lowMs: z.number().min(0).optional(),
  highMs: z.number().min(0).optional(),
  /** How often the layer was run, where it was kept. */
  runs: z.int().min(1).optional(),
});

/**
 * The file of a latency table, whatever measured it: a table of another device is made by putting its own times beside the
 * keys that `blockwise latency <space or run> --out FILE` lists. Of an entry only `key` and `medianMs` are needed:
 *
 * `{"format": "blockwise-latency-1", "subject": "dna-mini", "batch": 1, "cpu": "Cortex-A78", "engine": {"backend": "tflite",
 * "device": "cpu", "threads": 1, "versions": {}}, "entries": [{"key": "cn_k3_s1_c16 @ 28x28x1", "medianMs": 0.21}]}`
 */
const latencyTable = z.object({
  format: z.literal(FORMAT),
  /** What was measured: a network's or a search space's name. */
  subject: z.string(),
  /** Images at once. */
  batch: z.int().min(1),
  cpu: z.string(),
  engine: z.object({
    backend: z.string(),
    device: z.string(),
    threads: z.number(),
    versions: z.record(z.string(), z.string()),
  }),
  entries: z.array(entry),
});

/** How long one layer takes in inference. */
export type LayerLatency = z.output<typeof entry>;

/** Measured latencies of layers on one machine and engine: plain JSON, the file of `blockwise latency --out`. */
export type LatencyTable = z.output<typeof latencyTable>;

/** A latency table of measured entries. */
export function latencyTableOf(parts: Omit<LatencyTable, "format">): LatencyTable {
  return { format: FORMAT, ...parts };
}

/**
 * Reads a latency table's file.
 * @throws ConfigError when it is absent or something else, CheckpointError when its hash shows that it is damaged.
 */
export function readLatencyTable(path: string): LatencyTable {
  const mend = "make one by blockwise latency <space or run> --out <file>";
  return parseLatencyTable(readJson(path, { what: "a latency table", mend, byUser: true }), path);
}

/** Reads a latency table from parsed JSON. @throws ConfigError naming what is wrong in it. */
export function parseLatencyTable(value: unknown, where = "latency table"): LatencyTable {
  const result = latencyTable.safeParse(value);
  if (result.success) {
    const keys = result.data.entries.map(({ key }) => key);
    const twice = keys.find((key, i) => keys.indexOf(key) !== i);
    if (twice === undefined) return result.data;
    throw new ConfigError(`${where}: a latency table must have each layer once, and has "${twice}" twice`, {
      key: twice,
    });
  }
  throw new ConfigError(
    `${where}: must be a latency table (${FORMAT}), and is not (${wrongForm(result.error, value)}); make one by blockwise latency <run> --out <file>`,
  );
}

/** Pooling, the hidden layer where there is one, and classifier, measured as one layer. */
export interface Classification {
  readonly kind: "classifier";
  readonly classes: number;
  readonly hidden?: HiddenLayer;
}

/** Names a layer at its place: equal names, equal work. */
export function latencyKey(layer: Layer | Classification, input: ImageShape): string {
  const words = layer.kind === "classifier" ? classifierWords(layer) : describeLayer(layer);
  return `${words} @ ${formatShape(input)}`;
}

function classifierWords({ hidden, classes }: Classification): string {
  if (!hidden) return `pool and classifier of ${classes}`;
  return `pool, ${hidden.activation} layer of ${hidden.features} and classifier of ${classes}`;
}

/** Missing layers that a message lists; of the others it gives the number. */
const LISTED = 10;

/**
 * Looks latencies up: medians in ms.
 * @param needed All layers that will be asked for, so that all that are missing are named at once.
 * @throws ConfigError when the table lacks a layer.
 */
export function latencyLookup(
  table: LatencyTable,
  needed: () => readonly PlacedLayer[],
): (layer: Layer | Classification, input: ImageShape) => number {
  const medians = new Map(table.entries.map(({ key, medianMs }) => [key, medianMs]));
  return (layer, input) => {
    const key = latencyKey(layer, input);
    const median = medians.get(key);
    if (median !== undefined) return median;
    const all = [key, ...needed().map((placed) => latencyKey(placed.layer, placed.input))];
    const missing = [...new Set(all)].filter((one) => !medians.has(one));
    const listed = missing.slice(0, LISTED).map((one) => `"${one}"`);
    const more = missing.length > LISTED ? ` and ${missing.length - LISTED} more (${missing.length} missing)` : "";
    throw new ConfigError(
      `latency table of ${table.subject}: it must have ${listed.join(", ")}${more}, and has not; measure the space or network that is asked for`,
      { key, missing },
    );
  };
}

/** A layer with what enters it. */
export interface PlacedLayer {
  readonly layer: Layer | Classification;
  readonly input: ImageShape;
}

/** All layers of a network with what enters each, pooling and classifier last. */
export function placedLayers({ stem, blocks, head, hidden, input, classes }: Architecture): PlacedLayer[] {
  let shape = input;
  const placed = [...stem, ...blocks.flat(), ...head].map((layer): PlacedLayer => {
    const at = { layer, input: shape };
    shape = layerOutput(layer, shape);
    return at;
  });
  return [...placed, { layer: { kind: "classifier", classes, ...(hidden && { hidden }) }, input: shape }];
}

/** Sum of the measured latencies of a network's layers, ms for the table's batch. @throws ConfigError as {@link latencyLookup}. */
export function networkLatency(table: LatencyTable, architecture: Architecture): number {
  const layers = placedLayers(architecture);
  const lookUp = latencyLookup(table, () => layers);
  return layers.reduce((sum, { layer, input }) => sum + lookUp(layer, input), 0);
}

/** As {@link networkLatency}; undefined where the table lacks one of the network's layers. */
export function knownLatency(table: LatencyTable, architecture: Architecture): number | undefined {
  const keys = new Set(table.entries.map(({ key }) => key));
  const isKnown = placedLayers(architecture).every(({ layer, input }) => keys.has(latencyKey(layer, input)));
  return isKnown ? networkLatency(table, architecture) : undefined;
}
