import { beforeAll, expect, test } from "vitest";
import { engine } from "../../src/engine";
import { lab } from "../../src/lab";
import { designsOf } from "../../src/retrain";
import { searchRatings } from "../../src/search";
import { parseExperiment } from "../../src/systems/dna";
import { tinyExperiment } from "../systems/tiny-experiment";
import { tinySupernet } from "./tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

test("a random network that is also the found one stays a rival, trained once, and is compared", async () => {
  const { teacher, supernet } = await tinySupernet();
  await supernet.distill({ epochs: 1, batchSize: 16 });
  const ratings = await supernet.rate({ images: 16, calibrationImages: 16, batchSize: 8 });
  const found = ratings.search({});
  const seeds = Array.from({ length: 50 }, (_, seed) => seed);
  const drawn = seeds.map((seed) => found.random.atEqualMacs(1, { tolerance: 0, seed })[0]);
  const rival = drawn.find(({ id }) => id === found.id)!;
  expect(rival.kind).toBe("random");
  await found.retrain({ epochs: 1, batchSize: 16 });
  const trained: string[] = [];
  const onProgress = ({ task }: { task: string }) => void trained.push(task);
  const front = await lab.pareto([teacher, found, rival], undefined, { onProgress });
  expect(trained.filter((task) => task.startsWith("retrain"))).toEqual([]);
  expect(front.networks.map(({ label, sameAs }) => [label, sameAs])).toEqual([
    ["teacher", undefined],
    ["found 1", undefined],
    ["random 1", "found 1"],
  ]);
  const [, one, other] = front.networks;
  expect(other.accuracy).toBe(one.accuracy);
  expect(front.verdict()).toMatch(
    /DOES NOT beat the random ones: they are equal.*Drawn at random, random 1 is found 1/,
  );

  // In an experiment likewise: as many rivals as were asked for, whatever was found.
  const search = searchRatings(ratings.table, {});
  for (const seed of seeds.slice(0, 20)) {
    const config = parseExperiment({ ...tinyExperiment, seed, retrain: { random: 1, tolerance: 0.001 } });
    const { space, table } = ratings.session;
    const designs = designsOf({ seed, retrain: config.retrain, space, table, teacher: teacher.architecture }, [
      { limits: {}, result: search },
    ]);
    expect(designs.filter(({ kind }) => kind === "random")).toHaveLength(1);
  }
  found.student?.retrained.dispose();
  supernet.dispose();
  teacher.teacher.dispose();
});
