import { describe, expect, it } from "vitest";
import { namedBudget, nominalCost } from "../../../src/evaluate";
import {
  chosenProxy,
  ECONAS_SETTINGS,
  PROXIES,
  type ProxyName,
  type StoredTrainings,
  smallCellSpace,
  studyNetworks,
  summariseReliability,
} from "../../../src/systems/econas";

const { networks } = smallCellSpace();
const studied = studyNetworks();
const rank = new Map(networks.map((key, i) => [key, i / networks.length]));

/** Trainings whose accuracy is known: a proxy says what the full setting says, or its reverse where it is named. */
function trainings(reversed: readonly ProxyName[], seconds: (proxy: ProxyName) => number) {
  const full = Object.fromEntries(networks.map((key) => [key, [50 + rank.get(key)!, 50, 10] as const]));
  const sizes = networks.map((key, i) => [key, [1000 + i, 500]] as const);
  const of = (name: ProxyName) =>
    studied.map((key) => {
      const accuracy = (reversed.includes(name) ? -1 : 1) * rank.get(key)!;
      return [50 + accuracy, seconds(name), 1e6] as const;
    });
  return {
    studied,
    full: [full, full],
    networks: Object.fromEntries(sizes),
    proxies: Object.fromEntries(PROXIES.map((name) => [name, of(name)])),
  } as unknown as StoredTrainings;
}

const seconds = (name: ProxyName) => 10 * nominalCost(namedBudget(name), ECONAS_SETTINGS.epochs);

describe("the reliability of proxies", () => {
  it("is 1 for those that order as the full setting does, -1 for the reverse; time is measured against the full setting's", () => {
    const { proxies, ceiling } = summariseReliability(trainings(["c4r4s0e3"], seconds));
    expect(ceiling.value).toBeCloseTo(1, 12);
    for (const { proxy, rho, acceleration, nominalAcceleration } of proxies) {
      expect(rho.value).toBeCloseTo(proxy === "c4r4s0e3" ? -1 : 1, 12);
      expect(acceleration).toBeCloseTo(nominalAcceleration, 9);
    }
  });

  it("chooses the fastest proxy that is reliable and can be divided into stages", () => {
    expect(chosenProxy(trainings([], seconds))).toBe("c4r4s0e3");
    expect(chosenProxy(trainings(["c4r4s0e3"], seconds))).toBe("c4r4s0e6");
    // Where time says otherwise than the rule of halving, time counts.
    expect(chosenProxy(trainings([], (name) => (name === "c1r0s0e6" ? 0.001 : seconds(name))))).toBe("c1r0s0e6");
  });

  it("tells proxies of equal cost apart by their difference on the same networks", () => {
    const { samplesOrEpochs, channelsOrResolution } = summariseReliability(trainings(["c0r0s1e6"], seconds));
    const [first] = samplesOrEpochs;
    expect([first.first, first.second]).toEqual(["c0r0s0e3", "c0r0s1e6"]);
    expect(first.difference.value).toBeCloseTo(2, 12);
    for (const { difference } of channelsOrResolution) expect(difference.value).toBeCloseTo(0, 12);
    for (const { first: a, second: b } of samplesOrEpochs) {
      // As many iterations: epochs times the share of the samples.
      const iterations = (name: ProxyName) => namedBudget(name).epochs * namedBudget(name).samples;
      expect(iterations(a)).toBeCloseTo(iterations(b), 12);
    }
  });

  it("has no entropy where all settings agree", () => {
    for (const { entropy } of summariseReliability(trainings([], seconds)).entropies) expect(entropy).toBe(0);
  });
});
