import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeNative } from "./native";

describeNative("tfjs-core's own tests", () => {
  test("pass natively, but for a short list of exclusions", () => {
    const root = join(__dirname, "../..");
    const run = spawnSync("npm", ["run", "-s", "test:tfjs-core", "--", "--json"], { cwd: root, encoding: "utf8" });
    expect(run.stderr).toBe("");
    const { passed, failed, excluded, failures } = JSON.parse(run.stdout);
    expect(failures).toEqual([]);
    expect(failed).toBe(0);
    expect(passed).toBeGreaterThanOrEqual(3900);
    // native/README.md says the same.
    const readme = readFileSync(join(root, "native/README.md"), "utf8").replace(/\s+/g, " ");
    expect(readme).toContain(`${passed.toLocaleString("en")} passed, 0 failed, ${excluded} excluded`);
  });
});
