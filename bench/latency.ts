import { cpus, loadavg } from "node:os";
import { Rng } from "../src/core";
import { quantile } from "../src/core/statistics";
import { networkLatency } from "../src/cost";
import { measurePlace, PLACE_NAMES, type Place } from "../src/deploy";
import { assemble, enumerateBlock, spacePreset } from "../src/space";

export interface LatencyBenchOptions {
  /** With commas; all that are there unless given. */
  readonly places?: string;
  readonly space: string;
  readonly networks: number;
  readonly rounds: number;
  readonly seed: number;
}

/** How near the sums of the layers and a call come to what networks take. */
export interface SumsOfPlace {
  readonly place: Place;
  readonly device: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly layers: number;
  readonly per_call_ms: number;
  /** |predicted - measured| / measured over the networks, %. */
  readonly median_error: number;
  readonly ninetieth_error: number;
  /** (predicted - measured) / measured, %: above 0 where sums are too large. */
  readonly median_bias: number;
  /** Of the networks: medians, milliseconds, with the spread of their runs. */
  readonly networks: readonly { predicted_ms: number; measured_ms: number; low_ms?: number; high_ms?: number }[];
  /** Processes that wanted the processor, a minute's mean, before and after: above the cores, times are not the layers' own. */
  readonly load: readonly [number, number];
}

/** A place that does not run networks here, and why. */
export interface AbsentPlace {
  readonly place: Place;
  readonly absent: string;
}

/** Times random networks of a space between its layers, in the same rounds, and compares them with the sums. */
export async function measureSums(
  { places, space: name, networks: count, rounds, seed }: LatencyBenchOptions,
  say: (sentence: string) => void,
): Promise<object> {
  const space = spacePreset(name);
  const rng = new Rng(seed).fork("latency networks");
  const candidates = space.blocks.map((_, block) => [...enumerateBlock(space, block)]);
  // Each part uniformly: uniform over all networks.
  const networks = Array.from({ length: count }, () =>
    assemble(
      space,
      candidates.map((all) => all[Math.floor(rng.uniform() * all.length)]),
    ),
  );
  const asked = places?.split(",") as Place[] | undefined;
  const results: (SumsOfPlace | AbsentPlace)[] = [];
  for (const place of asked ?? PLACE_NAMES) {
    const before = loadavg()[0];
    try {
      const { table, networks: measured } = await measurePlace(place, space, { rounds }, {}, undefined, networks);
      const rows = measured.map(({ medianMs, lowMs, highMs }, i) => ({
        predicted_ms: round(networkLatency(table, networks[i])),
        measured_ms: medianMs,
        low_ms: lowMs,
        high_ms: highMs,
      }));
      const signed = rows.map(({ predicted_ms, measured_ms }) => (100 * (predicted_ms - measured_ms)) / measured_ms);
      const at = (values: readonly number[], share: number) =>
        round(
          quantile(
            [...values].sort((a, b) => a - b),
            share,
          ),
        );
      const errors = signed.map(Math.abs);
      const result: SumsOfPlace = {
        place,
        device: table.engine.device,
        versions: table.engine.versions,
        layers: table.entries.length,
        per_call_ms: table.perCallMs ?? 0,
        median_error: at(errors, 0.5),
        ninetieth_error: at(errors, 0.9),
        median_bias: at(signed, 0.5),
        networks: rows,
        load: [round(before), round(loadavg()[0])],
      };
      results.push(result);
      say(
        `${place}: the sums of ${count} networks are off by ${result.median_error} % (median; 90 %: ${result.ninetieth_error} %, bias ${result.median_bias} %), load ${result.load.join(" to ")}`,
      );
    } catch (error) {
      if (asked) throw error;
      results.push({ place, absent: (error as Error).message });
      say(`${place} is not there: ${(error as Error).message}`);
    }
  }
  return {
    space: name,
    networks: count,
    rounds,
    seed,
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
    places: results,
  };
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
