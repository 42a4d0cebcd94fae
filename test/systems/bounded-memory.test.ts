import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { fitsInMemory, type ProgressEvent, StudyError } from "../../src/core";
import { loadDataset } from "../../src/data";
import { engine } from "../../src/engine";
import { RunDirectory } from "../../src/study";
import { limitMemory, parseExperiment, prepareExperiment, runExperiment } from "../../src/systems/dna";
import { tinyExperiment } from "./tiny-experiment";

const folder = mkdtempSync(join(tmpdir(), "bounded-memory-"));
afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Each block is fed by the best student of the block before: their maps are no files of the run. */
const config = parseExperiment({
  ...tinyExperiment,
  distill: { ...tinyExperiment.distill, guideInput: "student" },
  retrain: { epochs: 1, batchSize: 32, alongFront: 1, random: 0, tolerance: 0.9 },
});

/** Feature maps that lie on the disk: files without a name that this process has open. */
function spilled(): number {
  const open = readdirSync("/proc/self/fd").map((file) => {
    try {
      return readlinkSync(join("/proc/self/fd", file));
    } catch {
      return "";
    }
  });
  return open.filter((path) => /blockwise-features.*\(deleted\)/.test(path)).length;
}

/** Ratings as the run's files have them, and how many maps lay on the disk at most. */
async function run(name: string) {
  let most = 0;
  const directory = RunDirectory.open(join(folder, name), config);
  const onProgress = ({ done }: ProgressEvent) => {
    if (done % 4 === 0) most = Math.max(most, spilled());
  };
  try {
    await runExperiment(config, directory, { onProgress });
  } finally {
    directory.close();
  }
  const ratings = join(folder, name, "ratings");
  const files = readdirSync(ratings).sort();
  return { files: files.map((file) => readFileSync(join(ratings, file), "utf8")), spilled: most };
}

test.runIf(process.platform === "linux")(
  "a run that may take no more memory than it needs has the feature maps on the disk, and the bytes of one without a bound",
  async () => {
    engine.use("auto", { threads: 1 });
    vi.stubEnv("BLOCKWISE_FEATURE_MEMORY", "1G");
    const free = await run("free");
    expect(free.spilled).toBe(0);
    const { name, ...division } = config.data;
    const data = await loadDataset(name, { ...division, seed: config.seed });
    const prepared = await prepareExperiment(config);
    // This process's peak is what the probe needs, and grows from probe to probe: here it is held.
    const usage = process.resourceUsage();
    vi.spyOn(process, "resourceUsage").mockReturnValue(usage);
    const { least } = await limitMemory(Number.MAX_SAFE_INTEGER, config, prepared, data);
    expect(least).toBeGreaterThan(1024 * usage.maxRSS);
    await expect(limitMemory(least - 1, config, prepared, data)).rejects.toThrow(StudyError);
    expect(await limitMemory(least, config, prepared, data)).toEqual({ least, features: 0 });
    expect(fitsInMemory([1])).toBe(0);
    const tight = await run("tight");
    expect(tight.spilled).toBeGreaterThan(0);
    expect(tight.files).toEqual(free.files);
  },
);
