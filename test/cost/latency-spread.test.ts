import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core";
import {
  isUnsteady,
  latencyKey,
  latencyTableOf,
  layersToMeasure,
  networkLatency,
  networkLatencyRange,
  unsteadyWords,
} from "../../src/cost";
import { LabLatency } from "../../src/lab/values/latency";
import { tinyArchitecture } from "../teacher/tiny";

const keys = layersToMeasure(tinyArchitecture).map(({ layer, input }) => latencyKey(layer, input));
const engine = { backend: "native", device: "cpu", threads: 1, versions: {} };

function table(entries: { key: string; medianMs: number; lowMs: number; highMs: number }[]) {
  return latencyTableOf({
    subject: "tiny",
    batch: 1,
    cpu: "test",
    engine,
    entries: entries.map((entry) => ({ ...entry, runs: 15 })),
  });
}

const steady = { medianMs: 1, lowMs: 0.9, highMs: 1.2 };

describe("latencies under load", () => {
  it("are warned about where runs are further apart than their median, with what to do", () => {
    const quiet = table(keys.map((key) => ({ key, ...steady })));
    expect(unsteadyWords(quiet)).toBeUndefined();
    const loaded = table(
      keys.map((key, i) => ({ key, ...(i === 1 ? { ...steady, lowMs: 0.2, highMs: 16 } : steady) })),
    );
    expect(unsteadyWords(loaded)).toMatch(
      /the runs of 1 of \d+ layers are further apart.* took 0\.2 to 16 ms .*its median is 1 ms.*measure again, or with more rounds/,
    );
    expect(isUnsteady({ medianMs: 1, lowMs: 0.5, highMs: 1.5 })).toBe(false);
    expect(isUnsteady({ medianMs: 1, lowMs: 0.4, highMs: 1.5 })).toBe(true);
  });

  it("are marked in the lab's table, whose sum says how uncertain it is", () => {
    const record = (spread: typeof steady) =>
      (
        new LabLatency(table(keys.map((key) => ({ key, ...spread }))), tinyArchitecture).table() as never as {
          record: { note: string; columns: string[]; rows: unknown[][] };
        }
      ).record;
    const quiet = record(steady);
    expect(quiet.columns).not.toContain("steady");
    expect(quiet.note).toMatch(/layers take \d\.000 ms \(\d\.\d+ to \d\.\d+ by the 10 and 90 %/);
    const loaded = record({ medianMs: 1, lowMs: 0.2, highMs: 16 });
    expect(loaded.note).toMatch(/^Beware: the runs of/);
    expect(loaded.rows.every((row) => row.at(-1) === "no")).toBe(true);
  });

  it("sum to a range around the sum of the medians", () => {
    const positive = fc.double({ min: 0, max: 10, noNaN: true });
    const entry = fc.tuple(positive, positive, positive).map((all) => {
      const [lowMs, medianMs, highMs] = all.sort((a, b) => a - b);
      return { lowMs, medianMs, highMs };
    });
    fc.assert(
      fc.property(fc.array(entry, { minLength: keys.length, maxLength: keys.length }), (entries) => {
        const measured = table(keys.map((key, i) => ({ key, ...entries[i] })));
        const { lowMs, medianMs, highMs } = networkLatencyRange(measured, tinyArchitecture);
        expect(medianMs).toBe(networkLatency(measured, tinyArchitecture));
        expect(lowMs).toBeLessThanOrEqual(medianMs);
        expect(highMs).toBeGreaterThanOrEqual(medianMs);
      }),
    );
    expect(() => networkLatencyRange(table([]), tinyArchitecture)).toThrow(ConfigError);
  });
});
