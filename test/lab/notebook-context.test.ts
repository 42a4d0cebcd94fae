import { describe, expect, it } from "vitest";
import { InterruptedError, Progress, type StepContext } from "../../src/core";
import { notebookContext } from "../../src/lab/session/notebook-context";
import { inNotebook } from "./recording-host";

/** A block's progress as the steps report it. */
function blockProgress(context: StepContext, of: string, index: number, total: number, units: number, unit: string) {
  return new Progress(context, `${of} block ${index}/${total}`, units, unit, 0, { of, index, total });
}

describe("notebookContext", () => {
  it("shows one bar a task, updates it in place, and ends in one line", () =>
    inNotebook((host) => {
      const context = notebookContext({ intervalMs: 0 });
      for (const task of ["retrain found 1", "retrain found 2"]) {
        const progress = new Progress(context, task, 4, "batches");
        for (let i = 0; i < 4; i++) {
          progress.advance(1, { loss: 1 / (i + 1), accuracy: 0.5 });
          if (i === 1) expect(host.outputs().at(-1)?.["text/html"]).toContain('aria-valuenow="50"');
        }
      }
      expect(host.shown.filter(({ update }) => !update)).toHaveLength(2);
      expect(host.shown.filter(({ update }) => update)).toHaveLength(6);
      const [first] = host.outputs();
      expect(first["text/plain"]).toMatch(/^retrain found 1 \[#{20}\] 4\/4 batches, loss 0\.250, accuracy 50\.0 %/);
      expect(first["text/html"]).not.toContain("progressbar");
      expect(first["text/html"]).toContain("\u2713");
      expect(first["text/html"]).toContain("<polyline");
      expect(String(first["text/plain"])).not.toContain("\n");
    }));

  it("nests the blocks of a step in one output, which ends as one line that opens", () =>
    inNotebook((host) => {
      const context = notebookContext({ intervalMs: 0 });
      const block = (number: number) => {
        const progress = blockProgress(context, "distill", number, 3, 4, "batches");
        for (let i = 0; i < 4; i++) progress.advance(1, { loss: 1 / (i + 1) });
      };
      block(1);
      blockProgress(context, "distill", 2, 3, 4, "batches").advance();
      expect(host.outputs()).toHaveLength(1);
      const [running] = host.outputs();
      const html = String(running["text/html"]);
      // One bar for all blocks, one for the block at work; the block that is done has none.
      expect(html.match(/role="progressbar"/g)).toHaveLength(2);
      expect(html).toContain('aria-valuenow="33"');
      expect(html).toContain('aria-valuenow="25"');
      expect(running["text/plain"]).toMatch(
        /^distill \[#{7}-{13}\] 1\/3 blocks, .* \| distill block 2\/3 \[#{5}-{15}\] 1\/4/,
      );
      for (const number of [2, 3]) block(number);
      const [ended] = host.outputs();
      expect(ended["text/html"]).toMatch(/<details><summary>.*3\/3 blocks/);
      expect(ended["text/html"]).not.toContain("progressbar");
      expect(ended["text/plain"]).toMatch(/^distill \[#{20}\] 3\/3 blocks, [0-9]+ ms$/);
    }));

  it("counts blocks that an earlier call had done", () =>
    inNotebook((host) => {
      const context = notebookContext({ intervalMs: 0 });
      blockProgress(context, "rate", 3, 3, 2, "candidates").advance();
      expect(host.outputs()[0]["text/plain"]).toContain("2/3 blocks");
      blockProgress(context, "rate", 3, 3, 2, "candidates").advance(2);
      expect(host.outputs()[0]["text/plain"]).toContain("3/3 blocks");
    }));

  it("updates at most four times in any second, however fast the work, yet always shows the first and the last state", () =>
    inNotebook((host) => {
      let now = 0;
      const shownAt: number[] = [];
      const update = host.update.bind(host);
      host.update = (id, bundle) => {
        shownAt.push(now);
        update(id, bundle);
      };
      const context = notebookContext({ now: () => now });
      for (let block = 1; block <= 8; block++) {
        const progress = blockProgress(context, "distill", block, 8, 1000, "batches");
        for (let i = 0; i < 1000; i++) {
          now += 1.13;
          progress.advance(1, { loss: 1 / (i + 1) });
        }
      }
      for (const from of shownAt) {
        expect(shownAt.filter((at) => at >= from && at < from + 1000).length).toBeLessThanOrEqual(4);
      }
      expect(shownAt.length).toBeGreaterThan(20);
      expect(host.outputs()).toHaveLength(1);
      expect(host.outputs()[0]["text/plain"]).toContain("8/8 blocks");
    }));

  it("draws the losses of cells that are trained at once as curves of their own", () =>
    inNotebook((host) => {
      const progress = blockProgress(notebookContext({ intervalMs: 0 }), "distill", 1, 1, 20, "batches");
      for (let i = 0; i < 20; i++) progress.advance(1, { loss: 1 / (i + 1), cell: i % 2 });
      const [bar] = host.outputs();
      expect(String(bar["text/html"]).match(/<polyline/g)).toHaveLength(2);
      expect(bar["text/plain"]).toContain("cell 2");
    }));

  it("says the rate and how much time is left while it runs", () =>
    inNotebook((host) => {
      notebookContext({ intervalMs: 0 }).onProgress?.({
        task: "train",
        done: 10,
        total: 40,
        unit: "batches",
        metrics: { learningRate: 0.05, epoch: 2 },
        elapsedMs: 5000,
        perSecond: 2,
        remainingMs: 15000,
      });
      const text =
        "train [#####---------------] 10/40 batches, learning rate 0.0500, epoch 2, 2.0 batches/s, 5 s, 15 s left";
      expect(host.outputs()[0]["text/plain"]).toBe(text);
    }));

  it("passes the cell's interrupt on and marks unfinished bars as stopped", () =>
    inNotebook((host) => {
      const context = notebookContext({ intervalMs: 0 });
      const progress = new Progress(context, "train", 10, "batches");
      progress.advance();
      host.controller.abort();
      expect(() => progress.advance()).toThrow(InterruptedError);
      expect(host.outputs()[0]["text/plain"]).toMatch(/2\/10 batches.*stopped/);
    }));

  it("starts a bar anew when a task is done again", () =>
    inNotebook((host) => {
      const context = notebookContext({ intervalMs: 0 });
      for (let round = 0; round < 2; round++) new Progress(context, "evaluate", 2, "images").advance(2);
      expect(host.outputs()).toHaveLength(1);
    }));

  it("escapes what it shows", () =>
    inNotebook((host) => {
      new Progress(notebookContext(), "<b>", 1, "x").advance();
      expect(host.outputs()[0]["text/html"]).toContain("&lt;b&gt;");
    }));

  it("shows nothing outside a notebook, or one line a finished task when asked", () => {
    expect(notebookContext()).toEqual({});
    const lines: string[] = [];
    const progress = new Progress(notebookContext({ print: (line) => lines.push(line) }), "train", 3, "batches");
    for (let i = 0; i < 3; i++) progress.advance();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("3/3 batches");
  });
});
