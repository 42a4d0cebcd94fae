import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { notebookProvenance, readNotebook, recordsOf } from "../../src/notebook";
import { temporaryFolder } from "./notebooks";

// As a user does it: the built command, the real kernel with the real package.
const main = resolve(__dirname, "../../dist/src/cli/main.js");
const SIZE = 16;

function blockwise(cwd: string, ...args: string[]) {
  return spawnSync(process.execPath, [main, "notebook", ...args], { cwd, encoding: "utf8" });
}

/** Whether a pattern is bright at a place. */
const PATTERNS: Record<string, (x: number, y: number) => boolean> = {
  bars: (x) => x % 4 < 2,
  dots: (x, y) => x % 4 < 2 && y % 4 < 2,
  rings: (x, y) => Math.abs(Math.hypot(x - SIZE / 2, y - SIZE / 2) - 5) < 1.5,
};

async function writeImages(folder: string, count: number): Promise<void> {
  for (const [label, isBright] of Object.entries(PATTERNS)) {
    mkdirSync(join(folder, label), { recursive: true });
    for (let i = 0; i < count; i++) {
      const pixels = Buffer.alloc(SIZE * SIZE * 3);
      for (let at = 0; at < SIZE * SIZE; at++) {
        pixels.fill(isBright((at + i) % SIZE, Math.floor(at / SIZE)) ? 200 + i : 40 + i, 3 * at, 3 * at + 3);
      }
      const image = sharp(pixels, { raw: { width: SIZE, height: SIZE, channels: 3 } });
      await image.png().toFile(join(folder, label, `${i}.png`));
    }
  }
}

describe("blockwise notebook new", () => {
  const folder = temporaryFolder();

  beforeAll(async () => {
    if (!existsSync(main)) throw new Error(`${main} must be built first: npm run build`);
    await writeImages(join(folder, "images", "train"), 24);
    await writeImages(join(folder, "images", "test"), 8);
  });

  it("writes a study that runs on one's own folder of images", () => {
    expect(blockwise(folder, "new", "my-study")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("images/train"),
    });
    const parameters = {
      size: SIZE,
      blockCounts: [2, 3],
      kernels: [3],
      teacherEpochs: 1,
      distillEpochs: 1,
      retrainEpochs: 1,
      rivals: 1,
      seed: 7,
    };
    const given = Object.entries(parameters).flatMap(([name, value]) => ["-p", `${name}=${JSON.stringify(value)}`]);
    const { status, stderr } = blockwise(folder, "run", "my-study.ipynb", ...given);
    expect(stderr).not.toMatch(/blockwise:/);
    expect(status).toBe(0);

    const study = readNotebook(join(folder, "my-study.run.ipynb"));
    expect(study.cells[0].source).toMatch(/^# my-study/);
    const [rounds, teacher] = recordsOf(study);
    expect(Object.keys(rounds.values)).toEqual(["split into 2", "split into 3"]);
    for (const accuracy of Object.values(rounds.values)) expect(accuracy).toBeGreaterThanOrEqual(0);
    expect(teacher.values.macs).toBeGreaterThan(0);
    const provenance = notebookProvenance(study);
    expect(provenance).toMatchObject({ seed: 7, parameters: { ...parameters, folder: "images" } });
    expect(provenance?.engine?.backend).toBeTruthy();
    const printed = study.cells.flatMap(({ outputs = [] }) => outputs).map(({ text = "" }) => text);
    expect(printed.join("")).toMatch(/^[23] blocks: -?[\d.]+ points above random/m);
    expect(existsSync(join(folder, "teacher.safetensors"))).toBe(true);
    expect(JSON.parse(readFileSync(join(folder, "found.json"), "utf8"))).toHaveProperty("architecture");
  });

  it("does not replace a study that is there, unless told to", () => {
    blockwise(folder, "new", "other");
    const again = blockwise(folder, "new", "other");
    expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining("--force") });
    expect(blockwise(folder, "new", "other", "--force").status).toBe(0);
  });
});
