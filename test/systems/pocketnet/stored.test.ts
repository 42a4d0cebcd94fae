import { describe, expect, it } from "vitest";
import { lab } from "../../../src";
import { cellNetworkCost } from "../../../src/cost";
import { parseCell } from "../../../src/space";
import {
  OTHER_LENGTHS,
  POCKETNET_ARM_NAMES,
  POCKETNET_SETTINGS,
  storedPocketNet,
  studentArchitecture,
  summarisePocketNet,
} from "../../../src/systems/pocketnet";
import { unpackedCosines } from "../../../src/systems/pocketnet/cosines";

const stored = storedPocketNet();
const summary = summarisePocketNet(stored, stored.settings);

describe("the stored trainings of PocketNet", () => {
  it("are those of the settings, from every seed, each with a cosine a pair", () => {
    expect(stored.settings).toEqual(JSON.parse(JSON.stringify(POCKETNET_SETTINGS)));
    expect(stored.lengths.map(({ epochs }) => epochs)).toEqual(OTHER_LENGTHS);
    const { folds, pairs } = stored.settings.pairs;
    for (const arm of POCKETNET_ARM_NAMES) {
      expect(stored.arms[arm].map(({ seed }) => seed)).toEqual(stored.settings.seeds);
      for (const { cosines, epochs } of stored.arms[arm]) {
        expect(unpackedCosines(cosines)).toHaveLength(2 * folds * pairs);
        expect(epochs.every(({ identityLoss }) => Number.isFinite(identityLoss))).toBe(true);
      }
    }
  });

  it("have a teacher that is better than students without it, or else there were nothing to learn", () => {
    expect(summary.teacher.accuracy).toBeGreaterThan(summary.arms[0].accuracy.mean);
  });

  it("are of the student that the stored cells make", () => {
    const { shape } = { shape: { height: 32, width: 32, channels: 3 } };
    const [normal, reduction] = (["normal", "reduction"] as const).map((name) =>
      parseCell(stored.search.cells[name], { output: "all" }),
    );
    const student = studentArchitecture(stored.settings, shape, { normal, reduction });
    expect(cellNetworkCost(student)).toMatchObject(stored.students.darts);
    expect(stored.students.blockwise.macs).toBeLessThanOrEqual(stored.students.darts.macs);
  });
});

describe("lab.pocketnet", () => {
  const shown = lab.pocketnet();

  it("has findings of these trainings that leave nothing unmeasured, and a row for the teacher and each training", () => {
    const sentences = shown.findings().sentences.join("\n");
    expect(sentences).not.toMatch(/NaN|undefined|Infinity/);
    expect(sentences).toContain(`${summary.teacher.accuracy.toFixed(2)} % of the pairs`);
    expect(shown.table().rows).toHaveLength(1 + POCKETNET_ARM_NAMES.length);
    expect(shown.networks().rows).toHaveLength(3);
    expect(shown.lengths().rows).toHaveLength(1 + OTHER_LENGTHS.length);
  });
});
