import { defineConfig } from "vitest/config";

/** The package as a user installs it: packed, installed from npm into an empty project, used there. `npm run test:package`. */
export default defineConfig({
  test: { include: ["test/package/*.installed.ts"], testTimeout: 600_000, hookTimeout: 900_000, pool: "forks" },
});
