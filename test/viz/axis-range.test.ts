import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countAxis, logAxis, logTicks, wholeAxis, wholeLogAxis } from "../../src/viz/axis-range";

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

describe("wholeLogAxis", () => {
  it("has at least two ticks, all whole, whatever the count", () => {
    for (const most of [1, 2, 3, 4, 5, 7, 12, 36, 100, 1296, 4e6]) {
      const { tickvals } = wholeLogAxis(most, Math.log10(most) + 0.1) as { tickvals: number[] };
      expect(tickvals.length).toBeGreaterThanOrEqual(2);
      expect(tickvals.every(Number.isInteger)).toBe(true);
    }
  });
});

describe("logAxis", () => {
  it("writes large ticks short", () => {
    expect(logAxis([1, 1e5])).toMatchObject({ ticktext: ["1", "10", "100", "1000", "10k", "100k"] });
  });

  it("writes the ticks of counts in full: plotly's own are bare digits between powers of ten", () => {
    expect(countAxis([8e6, 1e8]).options).toMatchObject({ type: "log", ticktext: ["10M", "20M", "50M", "100M"] });
  });

  it("leaves out what a logarithm cannot show", () => {
    expect(logAxis([0, Number.NaN])).toEqual({ type: "log" });
  });
});

describe("wholeAxis", () => {
  it("has ticks at whole numbers alone, few, and within the values", () => {
    expect(wholeAxis([1, 2, 3])).toEqual({ tickvals: [1, 2, 3], ticktext: ["1", "2", "3"] });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }), (low, span) => {
        const { tickvals } = wholeAxis([low, low + span]) as { tickvals: number[] };
        expect(tickvals.every(Number.isInteger)).toBe(true);
        expect(tickvals.length).toBeGreaterThanOrEqual(1);
        expect(tickvals.length).toBeLessThanOrEqual(9);
        expect([tickvals[0] >= low, (tickvals.at(-1) as number) <= low + span]).toEqual([true, true]);
      }),
    );
  });

  it("leaves the choice to plotly where values are not whole", () => {
    expect(wholeAxis([0.5, 1])).toEqual({});
    expect(wholeAxis([])).toEqual({});
  });
});
