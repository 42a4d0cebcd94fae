import { cpus } from "node:os";
import {
  breathe,
  ConfigError,
  checkOptions,
  EngineError,
  type OptionRules,
  Progress,
  Rng,
  rule,
  type StepContext,
} from "../core";
import { quantile } from "../core/statistics";
import {
  isArchitecture,
  type LatencyRange,
  type LatencyTable,
  latencyKey,
  latencyTableOf,
  layersToMeasure,
  type PlacedLayer,
} from "../cost";
import { type Architecture, chainSpace, formatShape, type SearchSpace } from "../space";
import { browserTimer } from "./browser-timer";
import { nodeTimer } from "./node-timer";
import { PLACE_NAMES, PLACES, type Place } from "./places";
import { scaledToNetworks } from "./scaled-table";
import { isFree, type Timed } from "./timed-model";
import type { Timer } from "./timer";

export interface PlaceLatencyOptions {
  /** Images at once; 1 unless given. */
  readonly batch?: number;
  /** Runs of each layer; 30 unless given. */
  readonly rounds?: number;
  /**
   * Random networks of a space, timed whole in the same rounds: how near the sums come, and from five on by what the layers' times
   * are scaled to them. None unless given.
   */
  readonly networks?: number;
}

/** What each option must be. */
export const PLACE_LATENCY_RULES: OptionRules<PlaceLatencyOptions> = {
  batch: rule.wholeFrom(1),
  rounds: rule.wholeFrom(1),
  networks: rule.wholeFrom(0),
};

const WARM_UPS = 3;
/** Models that run before progress is told. */
const TOGETHER = 8;
/** What a clock tells apart: a layer that costs less than calls vary is given as this. */
const LEAST_MS = 0.001;

/**
 * Measures how long each layer of a network, or each that a network of a space may have, takes in a browser or in
 * onnxruntime. A layer is timed as a model of its own, less a call of a model that does nothing with the same input in the same
 * round; what a call of the whole costs, from a picture to an answer, is the table's `perCallMs`.
 * @param teacher Measured with the others, so that limits may be shares of its latency.
 * @throws ConfigError when what the place needs is not installed, EngineError when it does not run there, InterruptedError when
 *   stopped; whatever it was that started has ended by then.
 */
export async function measurePlace(
  place: Place,
  subject: Architecture | SearchSpace,
  options: PlaceLatencyOptions = {},
  context: StepContext = {},
  teacher?: Architecture,
): Promise<LatencyTable> {
  if (!PLACE_NAMES.includes(place)) {
    throw new ConfigError(`latency: a place must be one of ${PLACE_NAMES.join(", ")}, got ${JSON.stringify(place)}`);
  }
  checkOptions("latency", options, PLACE_LATENCY_RULES);
  const { batch = 1, rounds = 30, networks: count = 0 } = options;
  const networks = networksToTime(subject, count);
  const layers = layersToMeasure(subject, ...(teacher ? [teacher] : []));
  const timer = await (place === "node-ort" ? nodeTimer() : browserTimer(place));
  try {
    const plan = planOf(
      subject,
      layers,
      networks.map(({ architecture }) => architecture),
    );
    const times = await timeAll(timer, plan.timed, { batch, rounds, place }, context);
    const call = rangeOf(times[0]);
    const entries = layers.map((placed): LatencyTable["entries"][number] => {
      const key = latencyKey(placed.layer, placed.input);
      const at = plan.layers.get(key);
      if (!at) return { key, medianMs: 0 };
      const own = times[at.layer].map((ms, round) => ms - times[at.call][round]);
      return { key, ...rangeOf(own), runs: rounds };
    });
    const table = latencyTableOf({
      subject: subject.name,
      place,
      perCallMs: call.medianMs,
      batch,
      cpu: cpus()[0]?.model.trim() ?? "unknown",
      engine: {
        backend: PLACES[place].backend === "ort" ? "onnxruntime-web" : `tfjs-${PLACES[place].backend}`,
        device: timer.device,
        threads: 1,
        versions: timer.versions,
      },
      entries,
    });
    const measured = networks.map((network, i) => ({ ...network, range: rangeOf(times[plan.networks[i]]) }));
    return scaledToNetworks(table, measured);
  } finally {
    await timer.close();
  }
}

/** Of the networks that are timed whole: the same for every place, so that places compare. */
const NETWORKS_SEED = 1;

/** @throws ConfigError when the subject is a network, of which there is but one. */
function networksToTime(subject: Architecture | SearchSpace, count: number) {
  if (count === 0) return [];
  if (isArchitecture(subject)) {
    throw new ConfigError(
      `latency: networks must be left out for ${subject.name}, which is one network itself; give them with a search space`,
    );
  }
  const space = chainSpace(subject);
  const rng = new Rng(NETWORKS_SEED).fork("latency networks");
  return Array.from({ length: count }, () => {
    const chain = space.sample(rng);
    return { network: space.key(chain), architecture: space.architecture(chain) as Architecture };
  });
}

/** What is timed in each round, and where in the list the parts are. */
interface Plan {
  /** The first is a call of the whole, from a picture to an answer. */
  readonly timed: readonly Timed[];
  /** By key: where a layer is, and the call of nothing that has its input. */
  readonly layers: ReadonlyMap<string, { readonly layer: number; readonly call: number }>;
  readonly networks: readonly number[];
}

/** Calls of nothing stand before the layers that have their inputs: what is subtracted was timed a moment before. */
function planOf(
  subject: Architecture | SearchSpace,
  layers: readonly PlacedLayer[],
  networks: readonly Architecture[],
): Plan {
  const timed: Timed[] = [{ kind: "call", input: subject.input, upload: true }];
  const add = (one: Timed) => timed.push(one) - 1;
  const where = new Map<string, { layer: number; call: number }>();
  for (const same of byInput(layers).values()) {
    const computed = same.filter((placed) => !isFree(placed));
    if (computed.length === 0) continue;
    const call = add({ kind: "call", input: computed[0].input, upload: false });
    for (const placed of computed) {
      where.set(latencyKey(placed.layer, placed.input), { layer: add({ kind: "layer", placed, of: subject }), call });
    }
  }
  return { timed, layers: where, networks: networks.map((architecture) => add({ kind: "network", architecture })) };
}

function byInput(layers: readonly PlacedLayer[]): Map<string, PlacedLayer[]> {
  const found = new Map<string, PlacedLayer[]>();
  for (const placed of layers) {
    const shape = formatShape(placed.input);
    found.set(shape, [...(found.get(shape) ?? []), placed]);
  }
  return found;
}

async function timeAll(
  timer: Timer,
  timed: readonly Timed[],
  { batch, rounds, place }: { readonly batch: number; readonly rounds: number; readonly place: Place },
  context: StepContext,
): Promise<number[][]> {
  const making = new Progress(context, `prepare ${place}`, timed.length, "models");
  for (const [i, one] of timed.entries()) {
    await timer.prepare(i, one, batch);
    making.advance();
    await breathe();
  }
  const progress = new Progress(context, `measure ${place}`, (rounds + WARM_UPS) * timed.length, "runs");
  const times = timed.map((): number[] => []);
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (let from = 0; from < timed.length; from += TOGETHER) {
      const which = timed.slice(from, from + TOGETHER).map((_, i) => from + i);
      const took = await timer.times(which);
      if (took.length !== which.length || took.some((ms) => !(ms >= 0))) {
        throw new EngineError(`latency: ${place} must give milliseconds from 0, and gave ${took.join(", ")}`);
      }
      if (round >= 0) took.forEach((ms, i) => void times[from + i].push(ms));
      progress.advance(which.length);
      await breathe();
    }
  }
  return times;
}

function rangeOf(times: readonly number[]): LatencyRange & { readonly lowMs: number; readonly highMs: number } {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number, least: number) => Math.max(least, Number(quantile(sorted, share).toFixed(4)));
  return { medianMs: at(0.5, LEAST_MS), lowMs: at(0.1, 0), highMs: at(0.9, LEAST_MS) };
}
