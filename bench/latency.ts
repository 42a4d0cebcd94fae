import { cpus, loadavg } from "node:os";
import { latencyAgreement, type TimedNetwork } from "../src/cost";
import { measurePlace, PLACE_NAMES, type Place } from "../src/deploy";
import { spacePreset } from "../src/space";

export interface LatencyBenchOptions {
  /** With commas; all that are there unless given. */
  readonly places?: string;
  readonly space: string;
  readonly networks: number;
  readonly rounds: number;
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
  readonly networks: readonly TimedNetwork[];
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
  { places, space: name, networks, rounds }: LatencyBenchOptions,
  say: (sentence: string) => void,
): Promise<object> {
  const space = spacePreset(name);
  const asked = places?.split(",") as Place[] | undefined;
  const results: (SumsOfPlace | AbsentPlace)[] = [];
  for (const place of asked ?? PLACE_NAMES) {
    const before = loadavg()[0];
    try {
      const table = await measurePlace(place, space, { rounds, networks });
      const { medianError, ninetiethError, medianBias } = latencyAgreement(table)!;
      const result: SumsOfPlace = {
        place,
        device: table.engine.device,
        versions: table.engine.versions,
        layers: table.entries.length,
        per_call_ms: table.perCallMs ?? 0,
        median_error: medianError,
        ninetieth_error: ninetiethError,
        median_bias: medianBias,
        networks: table.networks ?? [],
        load: [round(before), round(loadavg()[0])],
      };
      results.push(result);
      say(
        `${place}: the sums of ${networks} networks are off by ${result.median_error} % (median; 90 %: ${result.ninetieth_error} %, bias ${result.median_bias} %), load ${result.load.join(" to ")}`,
      );
    } catch (error) {
      if (asked) throw error;
      results.push({ place, absent: (error as Error).message });
      say(`${place} is not there: ${(error as Error).message}`);
    }
  }
  return {
    space: name,
    networks,
    rounds,
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
    places: results,
  };
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
