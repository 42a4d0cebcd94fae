import { describe, expect, it } from "vitest";
import { InterruptedError, Progress } from "../../src/core";
import { notebookContext } from "../../src/lab/notebook-context";
import { inNotebook } from "./recording-host";

describe("notebookContext", () => {
  it("shows one bar a task and updates it in place", () =>
    inNotebook((host) => {
      const context = notebookContext({ intervalMs: 0 });
      for (const task of ["distill block 1/2", "distill block 2/2"]) {
        const progress = new Progress(context, task, 4, "batches");
        for (let i = 0; i < 4; i++) progress.advance(1, { loss: 1 / (i + 1), accuracy: 0.5 });
      }
      expect(host.shown.filter(({ update }) => !update)).toHaveLength(2);
      expect(host.shown.filter(({ update }) => update)).toHaveLength(6);
      const [first] = host.outputs();
      expect(first["text/plain"]).toMatch(/^distill block 1\/2 \[#{20}\] 4\/4 batches, loss 0\.250, accuracy 50\.0 %/);
      expect(first["text/html"]).toContain('aria-valuenow="100"');
      expect(first["text/html"]).toContain("<polyline");
    }));

  it("updates at most once an interval, yet always shows the first and the last state", () =>
    inNotebook((host) => {
      let now = 0;
      const context = notebookContext({ intervalMs: 200, now: () => now });
      const progress = new Progress(context, "rate", 1000, "candidates");
      for (let i = 0; i < 1000; i++) {
        now += 1;
        progress.advance();
      }
      expect(host.shown.length).toBe(6);
      expect(host.outputs()[0]["text/plain"]).toContain("1000/1000 candidates");
    }));

  it("draws the losses of cells that are trained at once as curves of their own", () =>
    inNotebook((host) => {
      const progress = new Progress(notebookContext({ intervalMs: 0 }), "distill block 1/1", 20, "batches");
      for (let i = 0; i < 20; i++) progress.advance(1, { loss: 1 / (i + 1), cell: i % 2 });
      const [bar] = host.outputs();
      expect(String(bar["text/html"]).match(/<polyline/g)).toHaveLength(2);
      expect(bar["text/plain"]).toContain("cell 2");
    }));

  it("says how much time is left while it runs", () =>
    inNotebook((host) => {
      notebookContext({ intervalMs: 0 }).onProgress?.({
        task: "train",
        done: 10,
        total: 40,
        unit: "batches",
        metrics: { learningRate: 0.05, epoch: 2 },
        elapsedMs: 5000,
        remainingMs: 15000,
      });
      const text = "train [#####---------------] 10/40 batches, learning rate 0.0500, epoch 2, 5 s, 15 s left";
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
