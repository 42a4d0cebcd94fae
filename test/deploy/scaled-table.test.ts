import fc from "fast-check";
import { expect, test } from "vitest";
import { Rng } from "../../src/core";
import {
  latencyAgreement,
  latencyAgreementWords,
  latencyKey,
  latencyTableOf,
  layersOfSpace,
  networkLatency,
  parseLatencyTable,
} from "../../src/cost";
import { scaledToNetworks } from "../../src/deploy/scaled-table";
import { type Architecture, chainSpace } from "../../src/space";
import { tinySpace } from "../distill/tiny";

const space = chainSpace(tinySpace());

/** A table of any times, and networks that take their sums times a factor each. */
const timed = fc.record({
  seed: fc.integer(),
  factors: fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 1, maxLength: 12 }),
});

function tableOf(seed: number, factors: readonly number[]) {
  const rng = new Rng(seed);
  const table = latencyTableOf({
    subject: "tiny",
    place: "chromium-wasm",
    perCallMs: 0.3,
    batch: 1,
    cpu: "some",
    engine: { backend: "wasm", device: "cpu", threads: 1, versions: {} },
    entries: [...new Set(layersOfSpace(tinySpace()).map(({ layer, input }) => latencyKey(layer, input)))].map((key) => {
      const medianMs = 0.1 + rng.uniform();
      return { key, medianMs, lowMs: 0.9 * medianMs, highMs: 1.2 * medianMs, runs: 3 };
    }),
  });
  const networks = factors.map((factor) => {
    const chain = space.sample(rng);
    const architecture = space.architecture(chain) as Architecture;
    const medianMs = factor * networkLatency(table, architecture);
    return { network: space.key(chain), architecture, range: { medianMs, lowMs: medianMs, highMs: medianMs } };
  });
  return { table, networks };
}

test("networks that all take a share of their sums are predicted by it, and the table's sums are theirs", () => {
  fc.assert(
    fc.property(timed, fc.double({ min: 0.5, max: 2, noNaN: true }), ({ seed }, factor) => {
      const { table, networks } = tableOf(seed, Array(8).fill(factor));
      const scaled = scaledToNetworks(table, networks);
      expect(scaled.scaledBy).toBeCloseTo(factor, 3);
      expect(latencyAgreement(scaled)!.ninetiethError).toBeLessThan(0.5);
      for (const { architecture, range } of networks) {
        expect(networkLatency(scaled, architecture) / range.medianMs).toBeCloseTo(1, 1);
      }
      expect(parseLatencyTable(JSON.parse(JSON.stringify(scaled)))).toEqual(scaled);
    }),
  );
});

test("what is predicted of a network never comes from its own time", () => {
  fc.assert(
    fc.property(timed, fc.double({ min: 0.1, max: 10, noNaN: true }), ({ seed, factors }, own) => {
      const { table, networks } = tableOf(seed, factors);
      const [first, ...others] = networks;
      const changed = { ...first, range: { ...first.range, medianMs: own, lowMs: own, highMs: own } };
      const [one, other] = [
        [first, ...others],
        [changed, ...others],
      ].map((all) => scaledToNetworks(table, all).networks![0]);
      expect(other.predictedMs).toBe(one.predictedMs);
    }),
  );
});

test("fewer than five networks scale nothing, and without any the table is as it was", () => {
  const { table, networks } = tableOf(1, [0.5, 0.5, 0.5, 0.5]);
  const same = scaledToNetworks(table, networks);
  expect(same.scaledBy).toBeUndefined();
  expect(same.entries).toEqual(table.entries);
  expect(latencyAgreement(same)!.medianBias).toBeCloseTo(100, 0);
  expect(scaledToNetworks(table, [])).toBe(table);
});

test("what tells of the sums says that they are scaled, and by what", () => {
  const { table, networks } = tableOf(1, [0.8, 0.8, 0.8, 0.8, 0.8]);
  expect(latencyAgreementWords(scaledToNetworks(table, networks))).toMatch(
    /all are scaled by 0\.80, and each network is predicted/,
  );
  expect(latencyAgreementWords(scaledToNetworks(table, networks.slice(1)))).not.toMatch(/scaled/);
});
