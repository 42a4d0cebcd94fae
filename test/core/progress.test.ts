import { describe, expect, it } from "vitest";
import { Progress, type ProgressEvent } from "../../src/core";

function eventsOf(total: number): ProgressEvent[] {
  const events: ProgressEvent[] = [];
  const progress = new Progress({ onProgress: (event) => events.push(event) }, "task", total, "batches");
  for (let i = 0; i < total; i++) progress.advance();
  return events;
}

describe("the time left", () => {
  it("of many units is told from the third on, since the first ones pay for the start", () => {
    const told = eventsOf(1000).map(({ remainingMs }) => remainingMs !== undefined);
    expect(told.slice(0, 4)).toEqual([false, false, true, true]);
    expect(told.at(-1)).toBe(true);
  });

  it("of a few is told after the first", () => {
    for (const total of [1, 2, 8, 50]) expect(eventsOf(total)[0].remainingMs).toBeGreaterThanOrEqual(0);
  });
});
