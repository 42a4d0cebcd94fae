import { defineConfig } from "vitest/config";

/** Ends what hangs; no test is as long on any machine. */
const PATIENCE_MS = 600_000;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/setup/kernel-bundle.ts"],
    setupFiles: ["test/setup/property-seed.ts"],
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    // Two cores, and the native engine uses threads of its own.
    maxWorkers: 2,
    pool: "forks",
  },
});
