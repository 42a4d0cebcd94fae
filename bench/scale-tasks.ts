import { built } from "./built";
import { median } from "./numbers";

const { cellTask } = built<typeof import("../src/distill/cell-task")>("distill/cell-task.js");
const { BlobStore, threadExecutor } = built<typeof import("../src/tasks")>("tasks");
const { contractTask } = built<typeof import("../test/contract/contract-tasks")>("../test/contract/contract-tasks.js");

/** Runs a task that adds up two numbers, after so many notes; in ms, until its output is here. */
async function trivial(notes: number): Promise<number> {
  const blobs = new BlobStore();
  const input = { numbers: blobs.put(Float64Array.of(1, 2)), notes, does: "sum" as const };
  let heard = 0;
  const onProgress = () => {
    heard += 1;
  };
  const started = performance.now();
  for await (const { output } of threadExecutor(1).map(contractTask, [input], { blobs, onProgress })) {
    if (output.sum !== 3 || heard !== notes)
      throw new Error(`bench scale: ${heard} of ${notes} notes, sum ${output.sum}`);
  }
  return performance.now() - started;
}

/** The first task of a process: in ms, with the start of its thread and the loading of a distillation's modules there. */
export async function taskStart(): Promise<number> {
  const started = performance.now();
  threadExecutor(1).ready(cellTask, 1);
  await trivial(0);
  return performance.now() - started;
}

/** A task on a thread that is there, in ms; a note from there to here, in µs. Medians. */
export async function taskCosts(rounds: number, notes: number): Promise<{ warmMs: number; noteUs: number }> {
  await trivial(notes);
  const empty: number[] = [];
  const told: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const without = await trivial(0);
    empty.push(without);
    told.push((await trivial(notes)) - without);
  }
  return { warmMs: median(empty), noteUs: (1000 * median(told)) / notes };
}
