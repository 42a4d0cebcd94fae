import { describe, expect, it } from "vitest";
import type { ProgressEvent } from "../../src/core";
import { type Training, TrainingsProgress } from "../../src/retrain";
import { tinyTeacher } from "../lab/tiny";

const training = (task: string, epochs: number): Training => ({
  architecture: tinyTeacher,
  options: { epochs, seed: 1, task },
});
const report = (task: string, done: number, total: number): ProgressEvent => {
  return { task, done, total, unit: "batches", metrics: {}, elapsedMs: 1 };
};

/** Reports of four networks of which one was there, and two are known so far. */
function followed() {
  const events: ProgressEvent[] = [];
  const progress = new TrainingsProgress({ onProgress: (event) => events.push(event) }, "retrain", 4);
  progress.reuse(1);
  const [short, long] = [training("short", 1), training("long", 3)];
  progress.begin([short, long]);
  return { events, progress, short, long };
}

describe("the progress of trainings side by side", () => {
  it("counts networks, those that were there included, and knows no time left before anything is done", () => {
    const { events, progress, short, long } = followed();
    expect(events).toMatchObject([{ task: "retrain", done: 1, total: 4, unit: "networks", remainingMs: undefined }]);
    progress.finish(short, 0.5);
    progress.finish(long, 0.75);
    expect(events.slice(1).map(({ done, metrics }) => [done, metrics.accuracy])).toEqual([
      [2, 0.5],
      [3, 0.75],
    ]);
    progress.end();
    expect(events.at(-1)).toMatchObject({ done: 3, total: 3 });
  });

  it("weighs trainings by their work; one that nobody has named yet counts as the mean of the others", () => {
    const { events, progress } = followed();
    progress.follow(report("long", 1, 3));
    const { elapsedMs, remainingMs } = events[1];
    // Of 1 + 3 + the mean, 2, one is done.
    expect(remainingMs! / elapsedMs).toBeCloseTo(5, 9);
    progress.follow(report("of nobody", 1, 3));
    expect(events).toHaveLength(2);
  });
});
