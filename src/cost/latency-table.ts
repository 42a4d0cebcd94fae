import { z } from "zod";
import { ConfigError, wrongForm } from "../core";
import { type Architecture, type ImageShape, type Layer, layerOutput } from "../space";
import { type Classification, keyMistake, latencyKey, spreadMistake } from "./latency-key";

/** Marks a latency table's file and its version. */
const FORMAT = "blockwise-latency-1";

const entry = z.strictObject({
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

const timedNetwork = z.strictObject({
  /** Its candidates, as `networkId` names them. */
  network: z.string(),
  /** Multiply-adds of one image. */
  macs: z.int().min(0),
  /**
   * Sum of its layers' medians and of a call. Where the table is `scaledBy`, scaled by the other networks alone: by what is known
   * of a network that was not timed.
   */
  predictedMs: z.number().min(0),
  /** Of all runs of the whole network. Milliseconds for the whole batch. */
  medianMs: z.number().min(0),
  lowMs: z.number().min(0).optional(),
  highMs: z.number().min(0).optional(),
});

/**
 * The file of a latency table, whatever measured it: a table of another device is made by putting its own times beside the
 * keys that `blockwise latency <space or run> --template FILE.csv` lists. Of an entry only `key` and `medianMs` are needed:
 *
 * `{"format": "blockwise-latency-1", "subject": "dna-mini", "batch": 1, "cpu": "Cortex-A78", "engine": {"backend": "tflite",
 * "device": "cpu", "threads": 1, "versions": {}}, "entries": [{"key": "cn_k3_s1_c16 @ 28x28x1", "medianMs": 0.21}]}`
 */
const latencyTable = z.strictObject({
  format: z.literal(FORMAT),
  /** What was measured: a network's or a search space's name. */
  subject: z.string(),
  /** Where the layers ran when that is not this project's own engine, e.g. "chromium-wasm", "pixel-7-chrome". */
  place: z.string().regex(/\S/, "must be a name").optional(),
  /**
   * What a call costs whatever the network: its picture handed over, its answer read. It counts once in a network's latency;
   * the entries are without it. Absent: 0, as where layers are timed with nothing handed over.
   */
  perCallMs: z.number().min(0).optional(),
  /**
   * All times of the table were multiplied by this, the median of whole networks' latencies over the sums of their layers: a layer
   * that runs alone takes longer, or less, than among others. Absent: as measured.
   */
  scaledBy: z.number().positive().optional(),
  /** Images at once. */
  batch: z.int().min(1),
  cpu: z.string(),
  engine: z.strictObject({
    backend: z.string(),
    device: z.string(),
    threads: z.number(),
    versions: z.record(z.string(), z.string()),
  }),
  entries: z.array(entry),
  /** Whole networks that were timed in the same rounds, to see how near the sums come; absent where none were. */
  networks: z.array(timedNetwork).min(1).optional(),
});

/** How long one layer takes in inference. */
export type LayerLatency = z.output<typeof entry>;

/** A whole network's latency beside what its layers let expect. */
export type TimedNetwork = z.output<typeof timedNetwork>;

/** Measured latencies of layers on one machine and engine: plain JSON, the file of `blockwise latency --out`. */
export type LatencyTable = z.output<typeof latencyTable>;

/** A latency table of measured entries. */
export function latencyTableOf(parts: Omit<LatencyTable, "format">): LatencyTable {
  return { format: FORMAT, ...parts };
}

/** Reads a latency table from parsed JSON. @throws ConfigError naming what is wrong in it. */
export function parseLatencyTable(value: unknown, where = "latency table"): LatencyTable {
  const result = latencyTable.safeParse(withoutHash(value));
  if (result.success) {
    const keys = result.data.entries.map(({ key }) => key);
    const twice = keys.find((key, i) => keys.indexOf(key) !== i);
    if (twice !== undefined) {
      throw new ConfigError(`${where}: a latency table must have each layer once, and has "${twice}" twice`, {
        key: twice,
      });
    }
    for (const [i, one] of result.data.entries.entries()) checkEntry(one, `${where}: entries.${i}`);
    return result.data;
  }
  throw new ConfigError(
    `${where}: must be a latency table (${FORMAT}), and is not (${wrongForm(result.error, value)}); make one by blockwise latency <run> --out <file>`,
  );
}

/** @throws ConfigError unless the key is a layer's and the times are in order. */
function checkEntry(entry: LayerLatency, at: string): void {
  const key = keyMistake(entry.key);
  if (key !== undefined) throw new ConfigError(`${at}: key ${key}`, { key: entry.key });
  const spread = spreadMistake(entry);
  if (spread !== undefined) throw new ConfigError(`${at}: ${spread}`, { key: entry.key });
}

/** The hash that `writeJson` adds is no part of the table. */
function withoutHash(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { sha256: _, ...rest } = value as Record<string, unknown>;
  return rest;
}

/** Where a table's times are of, for every sentence that tells some: "chromium-wasm on AMD EPYC", "engine native on AMD EPYC". */
export function placeWords({ place, cpu, engine }: Pick<LatencyTable, "place" | "cpu" | "engine">): string {
  return `${place ?? `engine ${engine.backend}`} on ${cpu}`;
}

/** What ran the layers, with its threads where they are known. */
export function engineWords(table: Pick<LatencyTable, "place" | "cpu" | "engine">): string {
  const { place, cpu, engine } = table;
  const { backend, device, threads } = engine;
  const known = threads > 0 ? ` with ${threads} thread${threads > 1 ? "s" : ""}` : "";
  const on = device === "cpu" || device === "not given" ? "" : `, device ${device}`;
  return `${cpu}${place === undefined ? "" : `, ${place}`}, engine ${backend}${known}${on}`;
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
    const missing = [...new Set([key, ...missingKeys(table, needed())])];
    const listed = missing.slice(0, LISTED).map((one) => `"${one}"`);
    const more = missing.length > LISTED ? ` and ${missing.length - LISTED} more (${missing.length} missing)` : "";
    throw new ConfigError(
      `latency table of ${table.subject}${table.place ? ` (${table.place})` : ""}: it must have ${listed.join(", ")}${more}, and has not; measure the space or network that is asked for, or fill in what blockwise latency <space or run> --template <file.csv> lists`,
      { key, missing },
    );
  };
}

/** The keys of layers that a table has no entry of, each once. */
export function missingKeys({ entries }: Pick<LatencyTable, "entries">, needed: readonly PlacedLayer[]): string[] {
  const known = new Set(entries.map(({ key }) => key));
  return [...new Set(needed.map(({ layer, input }) => latencyKey(layer, input)))].filter((key) => !known.has(key));
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

/** Sum of the measured latencies of a network's layers and of one call, ms for the table's batch. @throws ConfigError as {@link latencyLookup}. */
export function networkLatency(table: LatencyTable, architecture: Architecture): number {
  const layers = placedLayers(architecture);
  const lookUp = latencyLookup(table, () => layers);
  return layers.reduce((sum, { layer, input }) => sum + lookUp(layer, input), table.perCallMs ?? 0);
}

/** As {@link networkLatency}; undefined where the table lacks one of the network's layers. */
export function knownLatency(table: LatencyTable, architecture: Architecture): number | undefined {
  return missingKeys(table, placedLayers(architecture)).length === 0 ? networkLatency(table, architecture) : undefined;
}

export { latencyTable as latencyTableSchema };
