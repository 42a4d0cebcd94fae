import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup/property-seed.ts"],
    testTimeout: 60_000,
    // Two cores, and the native engine uses threads of its own.
    maxWorkers: 2,
    pool: "forks",
  },
});
