import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plain, put, temporaryPlaces } from "./picture-folders";

const { folder, cache } = temporaryPlaces();
const SIDE = 512;
const [FEW, MANY] = [160, 320];
const ROOT = join(__dirname, "../..");

/** Copies of one picture, which decode to 0.8 MB each. */
async function putCopies(name: string, count: number): Promise<string> {
  const root = join(folder, name);
  const picture = join(folder, "one.png");
  await put(picture, plain(90, SIDE).png());
  for (const [i, label] of Array.from({ length: count }, (_, i) => [i, i % 2 ? "a" : "b"] as const)) {
    mkdirSync(join(root, label), { recursive: true });
    copyFileSync(picture, join(root, label, `${i}.png`));
  }
  return root;
}

/** Loads sets one after another in a process of its own, reads each batch by batch, and says its highest memory after each. */
const SCRIPT = `
(async () => {
  const { batchValues, loadDataset } = require(${JSON.stringify(join(ROOT, "src/data/index.ts"))});
  const highest = [];
  // When V8 collects what is not used any more is its own affair: here it does so all the time.
  setInterval(gc, 20).unref();
  for (const root of process.argv.slice(1)) {
    const { train, shape, preprocessing } = await loadDataset(root, { seed: 1, memory: "8M" });
    let seen = 0;
    for (let from = 0; from < train.count; from += 8) {
      const indices = Array.from({ length: Math.min(8, train.count - from) }, (_, i) => from + i);
      seen += batchValues(train, indices, shape, preprocessing).length / (shape.height * shape.width * shape.channels);
      gc();
    }
    highest.push({ seen, of: train.count, bytes: 1024 * process.resourceUsage().maxRSS });
  }
  console.log(JSON.stringify(highest));
})();
`;

test("a set of a quarter of a gigabyte is decoded, divided and read batch by batch in memory that does not grow with it", async () => {
  const sets = [await putCopies("few", FEW), await putCopies("many", MANY)];
  const output = execFileSync(process.execPath, ["--expose-gc", "--import", "tsx", "-e", SCRIPT, ...sets], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, BLOCKWISE_CACHE: cache },
  });
  const [few, many] = JSON.parse(output.trim().split("\n").at(-1)!);
  for (const { seen, of } of [few, many]) expect(seen).toBe(of);
  // What is not collected yet is there from the first set on; beyond it, memory must not grow with the pictures.
  const more = (MANY - FEW) * SIDE * SIDE * 3;
  expect(more).toBeGreaterThan(125e6);
  expect(many.bytes - few.bytes).toBeLessThan(0.5 * more);
});
