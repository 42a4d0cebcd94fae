import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeNative } from "./native";

describeNative("tfjs-core's own tests", () => {
  test("pass natively, but for a short list of exclusions", { timeout: 300_000 }, () => {
    const root = join(__dirname, "../..");
    const run = spawnSync("npm", ["run", "-s", "test:tfjs-core", "--", "--json"], { cwd: root, encoding: "utf8" });
    expect(run.stderr).toBe("");
    const { passed, failed, failures } = JSON.parse(run.stdout);
    expect(failures).toEqual([]);
    expect(failed).toBe(0);
    expect(passed).toBeGreaterThanOrEqual(3900);
  });
});
