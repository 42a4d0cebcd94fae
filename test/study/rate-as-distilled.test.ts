import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { TrainingError } from "../../src/core";
import { engine } from "../../src/engine";
import { RunDirectory } from "../../src/study";
import { parseExperiment, runExperiment } from "../../src/systems/dna";
import { type Done, type Executor, inlineExecutor, type MapContext, type Task } from "../../src/tasks";
import { tinyExperiment } from "../systems/tiny-experiment";

/** Tells of each task before and after it. */
type Around = (task: string, index: number, of: number) => Promise<void>;

/** Tasks of all calls one after another, each when it may begin. */
function watched(before: Around, after: Around): Executor {
  async function* outputs<In, Out, Note>(
    task: Task<In, Out, Note>,
    inputs: readonly In[],
    { onProgress, ...context }: MapContext<Note>,
  ): AsyncIterable<Done<Out>> {
    for (const [index, input] of inputs.entries()) {
      await before(task.name, index, inputs.length);
      const own = { ...context, onProgress: (note: Note) => onProgress?.(note, index) };
      for await (const { output } of inlineExecutor.map(task, [input], own)) {
        await after(task.name, index, inputs.length);
        yield { index, output };
      }
    }
  }
  return {
    name: "watched",
    sharesWorkers: true,
    map: (task, inputs, context) => outputs(task, inputs, context ?? {}),
  };
}

describe("a run by workers that all calls share", () => {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-as-distilled-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (name: string, executor?: Executor) => {
    engine.use("auto", { threads: 1 });
    const config = parseExperiment(tinyExperiment);
    const directory = RunDirectory.open(join(folder, name), config);
    try {
      await runExperiment(config, directory, executor && { executor });
    } finally {
      directory.close();
    }
    return readdirSync(join(folder, name, "ratings")).map((file) =>
      readFileSync(join(folder, name, "ratings", file), "utf8"),
    );
  };

  it("rates each cell once it is distilled: the last distillation waits here for the others' ratings", async () => {
    let rated = 0;
    let tell = () => {};
    const others = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const order: string[] = [];
    const before: Around = async (task, index, of) => {
      if (task === "distill" && index === of - 1) await others;
      order.push(`${task} begins`);
    };
    const after: Around = async (task) => {
      if (task !== "rate") return;
      rated += 1;
      if (rated === 3) tell();
    };
    const ratings = await run("workers", watched(before, after));
    expect(order.filter((one) => one !== "retrain begins").slice(-2)).toEqual(["distill begins", "rate begins"]);
    expect(ratings).toEqual(await run("alone"));
  });

  it("stops the distillations when a rating fails, throws what that threw, and is resumed", async () => {
    const failing = watched(
      async (task) => {
        if (task === "rate") throw new TrainingError("rate: the loss must be finite");
      },
      async () => {},
    );
    await expect(run("failing", failing)).rejects.toThrow("rate: the loss must be finite");
    const nothing = async () => {};
    expect(await run("failing", watched(nothing, nothing))).toEqual(await run("alone"));
  });
});
