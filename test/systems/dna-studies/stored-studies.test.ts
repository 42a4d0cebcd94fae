import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readStudy } from "../../../src/study/ranking";
import { jobsOf, runJob } from "../../../src/systems/dna-studies";

const root = join(__dirname, "../../..");
const folder = join(root, "experiments/studies");
const never = () => {
  throw new Error("must not be rated anew");
};

describe.each(readdirSync(folder).filter((name) => name.endsWith(".json")))("experiments/studies/%s", (name) => {
  const config = readStudy(join(folder, name), root);

  it("has its stored ratings, which are of its own setting still, whatever the defaults are by now", async () => {
    for (const job of jobsOf(config)) {
      expect(existsSync(job.result), job.result).toBe(true);
      // A rating that is there is only read: nothing below the runs folder is.
      const raw = await runJob(job, { runs: join(root, "none"), images: undefined, provenance: never }, {});
      // Chained blocks are rated as the one block that they make.
      expect(raw.blocks).toHaveLength(job.chains ? 1 : job.cuts.length + 1);
    }
  });
});
