import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, DataError, packageRoot } from "../../src/core";
import { DISPLAY, type Displayable } from "../../src/display-protocol";
import { lab } from "../../src/lab";
import { readNotebook, recordsOf } from "../../src/notebook";

const expected = (name: string) => join(packageRoot(), "notebooks/expected", name);
const text = async (value: Displayable) => String((await value[DISPLAY]())["text/plain"]);

describe("lab.searches", () => {
  const searches = lab.searches(expected("02_dna_ranking"), { runs: 2 });

  test("finds by the stored ratings what the notebook stored, whatever the runs of the searches by trial", () => {
    const { found, found_accuracy, regret, behind_teacher, regret_random_100 } = searches.numbers();
    const stored = storedResult();
    expect([found, found_accuracy]).toEqual([stored.found, stored.found_accuracy]);
    expect(regret).toBeCloseTo(stored.regret, 9);
    expect(behind_teacher).toBeCloseTo(stored.behind_teacher, 9);
    expect(regret_random_100).toBeGreaterThan(0);
  });

  test("shows each table and figure with the numbers of the study", async () => {
    const { study } = searches;
    expect(await text(searches.ratings())).toContain(`${study.networks} networks with true accuracies`);
    expect(searches.table().rows.map(([name]) => name)).toEqual([
      "true",
      ...study.rated.map(({ seed }) => `rated, seed ${seed}`),
      "most MACs, no rating",
    ]);
    expect(searches.picks().rows).toHaveLength(study.trials.length + 3);
    expect(await text(searches.fronts())).toContain("against the true front");
    const [line] = searches.distances().figure.data.filter(({ name }) => name === "random search");
    expect(line.y).toEqual(study.trials.filter(({ method }) => method === "random search").map(({ gap }) => gap.mean));
    expect(await text(searches.accuracies())).toContain("in truth");
    expect(searches.effort()).toContain("needs the 51 ratings");
    expect(searches.verdict()).toContain(`best possible ${searches.claims.leastBehindTeacher.toFixed(2)}`);
  });

  test("judges the found network by networks of equal MACs", async () => {
    const [{ half }] = searches.study.rated;
    const [first] = searches.found.table().rows;
    expect(first.slice(1, 2)).toEqual([half.found.key]);
    expect(first).toContain(half.equals.count);
    const points = searches.found.atEqualMacs().figure.data.flatMap(({ x }) => x ?? []);
    expect(points.length).toBeGreaterThanOrEqual(half.equals.count + 1);
    expect(await text(searches.found.besideEquals())).toContain("Accuracy against cost");
  });

  test("weights and share are the reader's", () => {
    const plain = lab.searches(expected("02_dna_ranking"), { weights: [1, 1, 1], share: 0.4, runs: 1 });
    const { teacher, limit, found } = plain.study.rated[0].half;
    expect(limit).toBeCloseTo(0.4 * teacher.macs, 6);
    expect(found.macs).toBeLessThanOrEqual(limit);
    expect(plain.ratings().rows[0].at(-1)).toBe("1, 1, 1");
    expect(plain.verdict()).toContain("at 40 % of the teacher's MACs");
  });

  test("compares what was trained here with the table, and says what is absent", async () => {
    const retraining = searches.retraining(expected("06_dna_search/retraining.json"));
    expect(retraining?.behindTeacher).toBeGreaterThan(0);
    expect(retraining?.verdict()).toContain(`${retraining?.behindTeacher?.toFixed(2)} points apart`);
    expect(await text(retraining!.table())).toContain("22222222 (teacher)");
    expect(await text(retraining!.figure())).toContain("trained here");
    expect(searches.retraining("nowhere.json")).toBeUndefined();
  });

  test("refuses unknown options and values, and folders without ratings", () => {
    const ratings = expected("02_dna_ranking");
    expect(() => lab.searches(ratings, { shares: 0.5 } as object)).toThrow(/share/);
    expect(() => lab.searches(ratings, { share: 0 })).toThrow(ConfigError);
    expect(() => lab.searches(ratings, { runs: 0 })).toThrow(ConfigError);
    expect(() => lab.searches(ratings, { weights: [1, 1] })).toThrow(/3 blocks/);
    expect(() => lab.searches("nowhere")).toThrow(DataError);
  });
});

describe("lab.improvement", () => {
  const improved = lab.improvement(expected("06_improve.json"));

  test("shows the stored simulation by trainings and searches", async () => {
    const { trainings, stored } = improved;
    expect(improved.table().rows).toHaveLength(4 * trainings.length);
    const [line] = improved.regrets().figure.data.filter(({ name }) => name === "with ratings");
    expect(line.y).toEqual(trainings.map((count) => stored.pick.with_ratings[count].regret.mean));
    expect(await text(improved.rankings())).toContain("rank all others");
  });

  test("a sentence says whether the ratings' part is more than chance", () => {
    const sentences = improved.sentences([30]);
    expect(sentences).toHaveLength(2);
    expect(sentences[0]).toContain("To pick, 30 trainings");
    expect(sentences[1]).toContain("no more than chance may explain");
    expect(() => improved.sentences([17])).toThrow(/8, 12, 16, 22, 30/);
  });

  test("names the command that makes an absent file", () => {
    expect(() => lab.improvement("nowhere.json")).toThrow(/study improve/);
  });
});

/** The record of the notebook that stands on these values. */
function storedResult() {
  const [{ values }] = recordsOf(readNotebook(join(packageRoot(), "notebooks/06_dna_search.ipynb")));
  return values as Record<string, never>;
}
