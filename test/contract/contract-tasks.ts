import { z } from "zod";
import { DataError, InterruptedError } from "../../src/core";
import { BLOB, type Task } from "../../src/tasks";

const input = z.strictObject({
  /** What comes of it: the sum of the numbers in the blob. */
  numbers: BLOB,
  /** Notes to tell before. */
  notes: z.int().min(0),
  does: z.enum(["sum", "fail", "wait"]),
});

export type ContractInput = z.infer<typeof input>;

/** Tells 1, 2, ... and gives a sum; or fails, or waits until it is stopped. */
export const contractTask: Task<ContractInput, { readonly sum: number }, number> = {
  name: "contract",
  unit: "sums",
  module: __filename,
  input,
  async run({ numbers, notes, does }, { signal, blobs, progress }) {
    for (let note = 1; note <= notes; note++) progress(note);
    if (does === "fail") throw new DataError("contract: asked to fail", { numbers });
    if (does === "wait") {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      throw new InterruptedError("contract: stopped");
    }
    return { sum: blobs.get<Float64Array>(numbers).reduce((sum, value) => sum + value, 0) };
  },
};
