import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logAxis, logTicks } from "../../src/viz/axis-range";

describe("logTicks", () => {
  it("takes round numbers of the density that the span needs", () => {
    expect(logTicks(0.9, 1.3)).toEqual([0.9, 1, 1.1, 1.2, 1.3]);
    expect(logTicks(0.09, 0.6)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(logTicks(0.04, 1.2)).toEqual([0.05, 0.1, 0.2, 0.5, 1]);
    expect(logTicks(1, 1e6)).toEqual([1, 10, 100, 1e3, 1e4, 1e5, 1e6]);
  });

  it("always gives some ticks, rising and within the range", () => {
    const range = fc.tuple(
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.double({ min: 1.02, max: 1e8, noNaN: true }),
    );
    fc.assert(
      fc.property(range, ([low, factor]) => {
        const ticks = logTicks(low, low * factor);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(14);
        for (const [i, tick] of ticks.entries()) {
          expect(tick).toBeGreaterThanOrEqual(low * (1 - 1e-5));
          expect(tick).toBeLessThanOrEqual(low * factor * (1 + 1e-5));
          if (i > 0) expect(tick).toBeGreaterThan(ticks[i - 1]);
        }
      }),
    );
  });
});

describe("logAxis", () => {
  it("writes large ticks short", () => {
    expect(logAxis([1, 1e5])).toMatchObject({ ticktext: ["1", "10", "100", "1000", "10k", "100k"] });
  });

  it("leaves out what a logarithm cannot show", () => {
    expect(logAxis([0, Number.NaN])).toEqual({ type: "log" });
  });
});
