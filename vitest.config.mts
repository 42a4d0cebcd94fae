import { readFileSync } from "node:fs";
import { relative, sep } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Ends what hangs; no test is as long on any machine. */
const PATIENCE_MS = 600_000;
/** Seconds that the slowest files of tests take, about, by path: an order and no limit. */
const SECONDS: Readonly<Record<string, number>> = JSON.parse(readFileSync("test/setup/seconds.json", "utf8"));

/** The longest files first, so that none of them is left over for the end. */
class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const seconds = ({ moduleId }: TestSpecification) => SECONDS[relative("", moduleId).split(sep).join("/")] ?? 0;
    return [...files].sort((a, b) => seconds(b) - seconds(a) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

/** Rooms without tensors: their tests leave nothing behind for one another, and share what they import. */
const NUMBERS = ["core", "space", "cost", "search", "surrogate", "viz"].map((room) => `test/${room}/**/*.test.ts`);
const ALL = ["test/**/*.test.ts"];

export default defineConfig({
  test: {
    globalSetup: ["test/setup/kernel-bundle.ts"],
    // Two cores, and the native engine uses threads of its own.
    maxWorkers: 2,
    pool: "forks",
    sequence: { sequencer: SlowestFirst },
    projects: [
      { test: { ...shared(), name: "numbers", include: NUMBERS, isolate: false } },
      { test: { ...shared(), name: "rooms", include: ALL, exclude: ["**/node_modules/**", ...NUMBERS] } },
    ],
  },
});

function shared() {
  return {
    setupFiles: ["test/setup/property-seed.ts"],
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    pool: "forks" as const,
    maxWorkers: 2,
  };
}
