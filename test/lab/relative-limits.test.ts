import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { searched } from "../../src/cli/commands/search-options";
import { ConfigError } from "../../src/core";
import {
  knownLatency,
  type LatencyTable,
  latencyKey,
  latencyTableOf,
  layersToMeasure,
  networkCost,
} from "../../src/cost";
import { engine } from "../../src/engine";
import type { LabRatings, LabTeacher } from "../../src/lab";
import { writeRatings } from "../../src/rate";
import type { CostName, GivenLimit, Limits } from "../../src/search";
import type { Architecture, SearchSpace } from "../../src/space";
import { RunDirectory } from "../../src/study";
import { type ExperimentInput, parseExperiment, prepareExperiment, prepareSpace } from "../../src/systems/dna";
import { tinySupernet, tinyTeacher } from "./tiny";

/** Every place that takes limits takes them as shares of the teacher's, in the same words, and gives the same numbers. */
const folder = mkdtempSync(join(tmpdir(), "relative-limits-"));
const run = join(folder, "run");
const experiment: ExperimentInput = {
  data: { name: "synthetic", trainCount: 64, validationCount: 32, testCount: 32 },
  teacher: { architecture: { ...tinyTeacher } },
  split: [1],
  space: { kernels: [3, 5], expansions: [2], cells: [[{ depth: 1, width: 8 }], [{ depth: 1, width: 8 }]] },
};
let own: Awaited<ReturnType<typeof prepareSpace>>;

let ratings: LabRatings;
let teacher: LabTeacher;
let dispose: () => void;

/** One millisecond a layer: of a space alone, or with a teacher's layers. */
function timed(...subjects: readonly (Architecture | SearchSpace)[]): LatencyTable {
  const entries = layersToMeasure(...subjects).map(({ layer, input }) => ({
    key: latencyKey(layer, input),
    medianMs: 1,
  }));
  const of = { backend: "none", device: "cpu", threads: 1, versions: {} };
  return latencyTableOf({ subject: "tiny", batch: 1, cpu: "none", engine: of, entries });
}

function written(name: string, table: LatencyTable): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(table));
  return file;
}

beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  own = await prepareSpace(parseExperiment(experiment));
  const tiny = await tinySupernet();
  ({ teacher } = tiny);
  dispose = () => {
    tiny.supernet.dispose();
    teacher.teacher.dispose();
  };
  ratings = tiny.supernet.withScores(({ ops }) => ops.length);
  const { space, table } = ratings.session;
  const directory = RunDirectory.open(run, parseExperiment({ ...experiment, name: "run" }));
  const { macs, params, activationBytes } = teacher.teacher.cost;
  await directory.step("teacher", () => {
    teacher.teacher.save(join(run, "teacher.safetensors"));
    return { macs, params, activationBytes };
  });
  await directory.step("space", () => ({ blocks: [], space }));
  for (const [block, candidates] of table.blocks.entries()) {
    const rows = candidates.map((row) => ({ ...row, relativeL1: row.score, mse: 1, relativeMse: 1, nsr: 1 }));
    const rate = () =>
      writeRatings(join(run, `ratings/block${block}.json`), {
        space: space.name,
        block,
        seed: 1,
        images: 8,
        candidates: rows,
      });
    await directory.step(`rate/block${block}`, rate);
  }
  directory.close();
});

afterAll(() => {
  dispose?.();
  rmSync(folder, { recursive: true });
});

interface Place {
  readonly limits: (name: CostName, limit: GivenLimit, withTeacher: boolean) => Promise<Limits> | Limits;
  /** What the shares are of. */
  readonly teacher: () => Architecture;
}

const timedRatings = (withTeacher: boolean) => {
  const { space } = ratings.session;
  return ratings.withLatency(withTeacher ? timed(space, teacher.architecture) : timed(space));
};
const ofTiny = () => teacher.architecture;
const experimentOf = (search: object, withTeacher: boolean) => {
  const table = withTeacher ? timed(own.space, own.architecture) : timed(own.space);
  const latencyTable = written(`own-${withTeacher}.json`, table);
  return prepareExperiment(parseExperiment({ ...experiment, search: { ...search, latencyTable } }));
};
const OPTIONS: Record<CostName, "macs" | "params" | "activation" | "latency"> = {
  macs: "macs",
  params: "params",
  activationBytes: "activation",
  latencyMs: "latency",
};

const PLACES: Record<string, Place> = {
  "ratings.search": {
    limits: async (name, limit, withTeacher) => (await timedRatings(withTeacher).search({ [name]: limit })).limits,
    teacher: ofTiny,
  },
  "ratings.diverse": {
    limits: async (name, limit, withTeacher) =>
      (await timedRatings(withTeacher).diverse(1, { [name]: limit })).best.limits,
    teacher: ofTiny,
  },
  "an experiment's search": {
    limits: async (name, limit, withTeacher) => {
      const { limits } = await experimentOf({ macs: "900%", [name]: limit }, withTeacher);
      return { [name]: limits[name] };
    },
    teacher: () => own.architecture,
  },
  "an experiment's further budgets": {
    limits: async (name, limit, withTeacher) =>
      (await experimentOf({ macs: "900%", also: [{ [name]: limit }] }, withTeacher)).further[0],
    teacher: () => own.architecture,
  },
  "blockwise search and retrain": {
    limits: (name, limit, withTeacher) => {
      const { space } = ratings.session;
      const table = withTeacher ? timed(space, teacher.architecture) : timed(space);
      const text = Array.isArray(limit) ? limit.join("..") : String(limit);
      const latencyTable = written(`run-${withTeacher}.json`, table);
      return searched(run, { [OPTIONS[name]]: text, latencyTable }, "search").limits;
    },
    teacher: ofTiny,
  },
};

const NAMES: readonly CostName[] = ["macs", "params", "activationBytes", "latencyMs"];

function wholeOf(architecture: Architecture, name: CostName): number {
  return name === "latencyMs" ? knownLatency(timed(architecture), architecture)! : networkCost(architecture)[name];
}

describe.each(Object.keys(PLACES))("%s", (place) => {
  const { limits, teacher: of } = PLACES[place];
  const down = (name: CostName, value: number) => (name === "latencyMs" ? value : Math.floor(value));
  const up = (name: CostName, value: number) => (name === "latencyMs" ? value : Math.ceil(value));

  it.each(NAMES)("takes %s as a share of the teacher's, alone or as an interval", async (name) => {
    const whole = wholeOf(of(), name);
    const high = down(name, 1.255 * whole);
    expect((await limits(name, "125.5%", true))[name]).toBeCloseTo(high, 9);
    const [low, top] = (await limits(name, ["0.5%", "125.5%"], true))[name] as [number, number];
    expect(low).toBeCloseTo(up(name, 0.005 * whole), 9);
    expect(top).toBeCloseTo(high, 9);
  });

  it("refuses a share of a latency that was not measured, and says how to measure it", async () => {
    const refused = (async () => limits("latencyMs", "50%", false))();
    await expect(refused).rejects.toThrow(ConfigError);
    await expect((async () => limits("latencyMs", "50%", false))()).rejects.toThrow(
      /"50%" is a share of the teacher's latency, which was not measured: measure the teacher's layers .* give milliseconds/,
    );
  });

  it.each(NAMES)("refuses what is no amount of %s", async (name) => {
    await expect((async () => limits(name, "much", true))()).rejects.toThrow(ConfigError);
  });
});

describe("shares of the teacher's elsewhere", () => {
  it("are what brief trainings are near to", async () => {
    const { macs } = teacher.teacher.cost;
    const options = { networks: 4, epochs: 2, batchSize: 16 };
    const choices = async (budget: object) => {
      const improved = await timedRatings(true).improve({ ...options, budget });
      return improved.calibration.calibration.evidence;
    };
    expect(await choices({ macs: "125%" })).toEqual(await choices({ macs: Math.floor(1.25 * macs) }));
    await expect(timedRatings(false).improve({ ...options, budget: { latencyMs: "50%" } })).rejects.toThrow(
      /share of the teacher's latency/,
    );
  });

  it("choose networks along the front, how far random ones may lie, and lines of a figure", async () => {
    const found = ratings.search();
    const { macs } = teacher.teacher.cost;
    const share = `${(100 * found.macs) / macs + 0.01}%`;
    const [along] = found.alongFront([share]);
    expect(along.macs).toBe(found.macs);
    expect(along.budget.macs).toBeGreaterThanOrEqual(found.macs);
    expect(() => found.alongFront(["0.001%"])).toThrow(/the smallest network of the front/);
    expect(() => found.alongFront([])).toThrow(/found\.alongFront: it must be a count/);
    const ids = (tolerance: number | string) =>
      found.random.atEqualMacs(2, { tolerance, seed: 3 }).map((network) => network.id);
    expect(ids("50%")).toEqual(ids(0.5));
    expect(() => found.random.atEqualMacs(1, { tolerance: "wide" })).toThrow(/text such as "3%"/);
  });

  it("are the same in an experiment's shares", () => {
    const { search, retrain } = parseExperiment({ search: { macsOfTeacher: "27%" }, retrain: { tolerance: "3%" } });
    expect([search.macsOfTeacher, retrain.tolerance]).toEqual([0.27, 0.03]);
    expect(() => parseExperiment({ search: { macsOfTeacher: "127%" } })).toThrow(/macsOfTeacher/);
  });
});
