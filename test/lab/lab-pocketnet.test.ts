import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Rng } from "../../src/core";
import { DISPLAY } from "../../src/display-protocol";
import { type LabPocketNet, pocketnet } from "../../src/lab/values/pocketnet";
import {
  judgedPairs,
  POCKETNET_ARM_NAMES,
  POCKETNET_SETTINGS,
  type PocketNetArmName,
} from "../../src/systems/pocketnet";
import { packedCosines, unpackedCosines } from "../../src/systems/pocketnet/cosines";

const folder = mkdtempSync(join(tmpdir(), "lab-pocketnet-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file as the study writes it, of drawn cosines: how far pairs of one person and of two are apart is given by arm. */
function study(apart: Readonly<Record<PocketNetArmName, number>>): LabPocketNet {
  const { pairs } = judgedPairs(POCKETNET_SETTINGS);
  const run = (name: string, seed: number, distance: number) => {
    const rng = new Rng(seed).fork(name);
    const cosines = pairs.map(({ same }) => Math.max(-1, Math.min(1, 0.2 * rng.normal() + (same ? distance : 0))));
    return { seed, cosines: packedCosines(cosines) };
  };
  const epochs = (learns: boolean, factor: number) =>
    [1, 2, 3].map((epoch) => ({
      epoch,
      loss: 1,
      identityLoss: 1,
      ...(learns && { distance: (factor * 0.05) / epoch }),
      learningRate: 0.1,
      durationMs: 1,
    }));
  const arms = Object.fromEntries(
    POCKETNET_ARM_NAMES.map((arm) => [
      arm,
      POCKETNET_SETTINGS.seeds.map((seed) => ({
        ...run(arm, seed, apart[arm]),
        epochs: epochs(!arm.startsWith("none"), arm === "kd" ? 1.4 : 1),
        withTeacher: 0.5,
      })),
    ]),
  );
  const cell = "dw3(0)+dw1(1) | skip(1)+dw3(0) | max3(0)+dw3(2) | dw5(1)+skip(3)";
  const size = { macs: 1e6, params: 1e4 };
  const stored = {
    settings: POCKETNET_SETTINGS,
    search: {
      cells: { normal: cell, reduction: cell },
      best: 1,
      history: [
        { epoch: 1, trainLoss: 2, architectureLoss: 2, validationAccuracy: 0.1, learningRate: 0.1, durationMs: 1 },
      ],
    },
    teacher: { ...run("teacher", 1, 0.8), epochs: epochs(false, 1), size },
    blockwise: { score: 1, macs: 1e6, candidates: [10, 10], layers: "mb3" },
    students: { darts: size, blockwise: size },
    arms,
  };
  const file = join(folder, `${JSON.stringify(apart).length}-${apart.kd}.json`);
  writeFileSync(file, JSON.stringify(stored));
  return pocketnet(file);
}

const RISING = { none: 0.3, kd: 0.45, "multi-step": 0.6, "none-longer": 0.3, blockwise: 0.4 };

describe("lab.pocketnet", () => {
  it("says whether the paper's order holds, by what was measured", () => {
    const holds = study(RISING).findings().sentences.join("\n");
    expect(holds).toMatch(/none < KD <= multi-step KD, is that of the mean accuracies here/);
    expect(holds).toMatch(/Multi-step KD against KD: \+[\d.]+ \(.*\) points, ahead or equal in 3 of 3 seeds/);
    expect(holds).toMatch(/nearer than the final one in 3 of 3 epochs/);
    const not = study({ ...RISING, kd: 0.2 })
      .findings()
      .sentences.join("\n");
    expect(not).toMatch(/none < KD <= multi-step KD, is not that/);
    expect(not).toMatch(/faces are synthetic/);
  });

  it("shows tables and figures", async () => {
    const own = study(RISING);
    expect(own.student().cells.normal.nodes).toHaveLength(4);
    for (const table of [own.table(), own.networks(), own.search()]) {
      expect(Object.keys(await table[DISPLAY]()).length).toBeGreaterThan(0);
    }
    // A curve of the teacher and of each way to train; a band and a line of each that has a teacher.
    expect(own.roc().figure.data).toHaveLength(POCKETNET_ARM_NAMES.length + 1);
    expect(own.distances().figure.data).toHaveLength(6);
  });

  it("keeps cosines to a sixty-thousandth", () => {
    const cosines = [-1, -0.12345, 0, 0.5, 1];
    unpackedCosines(packedCosines(cosines)).forEach((value, i) => {
      expect(Math.abs(value - cosines[i])).toBeLessThanOrEqual(1 / 60_000);
    });
  });
});
