import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/core";
import { jobsOf, readStudy } from "../../../src/systems/dna-studies";

const root = join(__dirname, "../../..");
const studies = readdirSync(join(root, "experiments/studies")).map((file) => basename(file, ".json"));

describe("jobs of a study", () => {
  it.each(studies)("%s: each of its variants is an experiment", (study) => {
    const config = readStudy(join(root, "experiments/studies", `${study}.json`), root);
    expect(jobsOf(config).length).toBeGreaterThan(0);
  });

  it("name the network that another study found without knowing it yet, and refuse other names that are no network", () => {
    const config = readStudy(join(root, "experiments/studies/teacher.json"), root);
    const names = jobsOf(config).map(({ experiment }) => experiment.teacher.architecture);
    expect(names.some((name) => typeof name === "string" && name.startsWith("found:"))).toBe(true);
    const [first] = config.variants;
    const other = { ...config, variants: [{ ...first, teacher: { architecture: "fund:x" } }] };
    expect(() => jobsOf(other as never)).toThrow(ConfigError);
  });
});
