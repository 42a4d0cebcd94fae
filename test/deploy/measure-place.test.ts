import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { ConfigError, InterruptedError } from "../../src/core";
import { latencyKey, layersToMeasure, networkLatency, parseLatencyTable } from "../../src/cost";
import { measurePlace, PLACE_NAMES, type Place } from "../../src/deploy";
import { engine } from "../../src/engine";
import { type Architecture, blockSpace, conv, identity, mbconv } from "../../src/space";

const network: Architecture = {
  name: "timed",
  input: { height: 12, width: 12, channels: 3 },
  stem: [conv(3, 8, { stride: 2, activation: "relu" }), { kind: "maxpool", kernelSize: 3, stride: 2 }],
  blocks: [
    [
      { kind: "mbconv", kernelSize: 3, stride: 1, expansion: 2, seRatio: 0.25, outChannels: 8, activation: "silu" },
      identity,
      {
        ...{ kind: "residual", design: "basic", kernelSize: 3, stride: 1, innerChannels: 4, outChannels: 8 },
        activation: "relu",
      } as const,
    ],
  ],
  head: [conv(1, 16, { activation: "hardswish" })],
  classes: 5,
  padding: "symmetric",
  batchNormEpsilon: 1e-3,
};

/** Where each layer takes seconds to be prepared. */
const fewLayers: Architecture = { ...network, blocks: [[identity]] };

beforeAll(() => engine.use("auto", { threads: 1 }));

/** Processes that this one started and that are still there. */
function children(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const [, parent] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
        return parent === String(process.pid) ? [readFileSync(`/proc/${pid}/cmdline`, "utf8")] : [];
      } catch {
        return [];
      }
    })
    .filter((command) => /chrom/i.test(command));
}

test.each<readonly [Place, Architecture]>([
  ["chromium-wasm", network],
  ["chromium-webgl", fewLayers],
  ["chromium-ort", fewLayers],
  ["node-ort", network],
])(
  "%s: every layer of a network is in the table, which says where it is of, and a table is read back as it is",
  async (place, network) => {
    const tasks = new Set<string>();
    const context = { onProgress: ({ task }: { task: string }) => void tasks.add(task) };
    const table = await measurePlace(place, network, { rounds: 2 }, context);
    expect(parseLatencyTable(JSON.parse(JSON.stringify(table)))).toEqual(table);
    expect(table).toMatchObject({ place, subject: "timed", batch: 1, engine: { threads: 1 } });
    expect(table.entries.map(({ key }) => key)).toEqual(
      layersToMeasure(network).map(({ layer, input }) => latencyKey(layer, input)),
    );
    for (const { key, medianMs, lowMs, highMs, runs } of table.entries) {
      if (key.startsWith("identity")) expect({ medianMs, runs }).toEqual({ medianMs: 0, runs: undefined });
      else expect([medianMs > 0, lowMs! <= medianMs, medianMs <= highMs!, runs]).toEqual([true, true, true, 2]);
    }
    const layers = table.entries.reduce((sum, { medianMs }) => sum + medianMs, 0);
    expect(networkLatency(table, network)).toBeCloseTo(table.perCallMs! + layers, 9);
    expect(table.networks).toBeUndefined();
    expect(tasks).toEqual(new Set([`prepare ${place}`, `measure ${place}`]));
    expect(children()).toEqual([]);
  },
);

test("random networks of a space are timed whole in the same rounds, the same ones wherever they run; of one network there is no other", async () => {
  const shapes = { input: { height: 12, width: 12, channels: 3 }, output: { height: 6, width: 6, channels: 8 } };
  const space = blockSpace([shapes], { ops: [identity, ...mbconv([3], [2])], cells: [[{ depth: 2, width: 8 }]] });
  const table = await measurePlace("node-ort", space, { rounds: 2, networks: 3 });
  const elsewhere = await measurePlace("chromium-wasm", space, { rounds: 2, networks: 3 });
  const names = ({ networks = [] }: typeof table) => networks.map(({ network }) => network);
  expect(names(table)).toHaveLength(3);
  expect(names(elsewhere)).toEqual(names(table));
  expect(parseLatencyTable(JSON.parse(JSON.stringify(table)))).toEqual(table);
  for (const { predictedMs, medianMs, lowMs, highMs } of table.networks!) {
    expect([predictedMs > 0, lowMs! <= medianMs, medianMs <= highMs!]).toEqual([true, true, true]);
  }
  await expect(measurePlace("node-ort", network, { networks: 3 })).rejects.toThrow(
    /timed, which is one network itself/,
  );
});

test("what is stopped says so, and leaves no browser behind", async () => {
  const stop = new AbortController();
  const context = { signal: stop.signal, onProgress: () => stop.abort() };
  await expect(measurePlace("chromium-wasm", network, { rounds: 2 }, context)).rejects.toThrow(InterruptedError);
  expect(children()).toEqual([]);
});

test("a place that is none, and what is not there, are said in a sentence", async () => {
  await expect(measurePlace("firefox" as Place, network)).rejects.toThrow(
    new RegExp(`must be one of ${PLACE_NAMES.join(", ")}, got "firefox"`),
  );
  await expect(measurePlace("chromium-wasm", network, { round: 2 } as object)).rejects.toThrow(/did you mean rounds/);
  const before = process.env.BLOCKWISE_CHROMIUM;
  process.env.BLOCKWISE_CHROMIUM = "/no/chromium";
  try {
    const said = await measurePlace("chromium-wasm", network).catch((error: unknown) => error);
    expect(said).toBeInstanceOf(ConfigError);
    expect((said as Error).message).toMatch(
      /BLOCKWISE_CHROMIUM names \/no\/chromium, which is not there; apt-get install/,
    );
  } finally {
    if (before === undefined) delete process.env.BLOCKWISE_CHROMIUM;
    else process.env.BLOCKWISE_CHROMIUM = before;
  }
});
