import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const root = join(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "blockwise-quickstart-result-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const results = join(root, "notebooks/expected/00_quickstart");
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const write = (...given: string[]) =>
  execFileSync(process.execPath, [join(root, "scripts/quickstart-result.mjs"), ...given]);

test("what stands of seed 1 is what the notebook's stored run found", () => {
  write(join(root, "notebooks/00_quickstart.ipynb"), join(folder, "seed1.json"));
  expect(json(join(folder, "seed1.json"))).toEqual(json(join(results, "seed1.json")));
});

test("the summary is of the seeds beside it", () => {
  for (const name of ["seed1.json", "seed2.json", "seed3.json"]) cpSync(join(results, name), join(folder, name));
  write(folder);
  expect(json(join(folder, "summary.json"))).toEqual(json(join(results, "summary.json")));
});
