import { z } from "zod";
import { Rng, type StepContext } from "../../core";
import { roundingClass } from "../../engine";
import { MixedCellNetwork } from "../../nn";
import { searchCells } from "../../train";
import { smallCsnasNetwork } from "../csnas";
import { keptResult } from "./kept-result";
import { stopwatch } from "./run-dna";
import type { SharedTrainings } from "./trainings";

const SCHEMA = z.object({
  seed: z.number(),
  chosen: z.string(),
  /** Validation accuracy of the mixture that it was taken from, percent. */
  mixture: z.number(),
  /** Processor seconds. */
  seconds: z.number(),
});

/** DARTS from one seed: the cell that a mixture of all came to. */
export type DartsRun = z.infer<typeof SCHEMA>;

/**
 * Searches the cell that stands in both places of the network, by gradient descent as PocketNet does.
 * @throws TrainingError when it diverges, InterruptedError when stopped.
 */
export function runDarts(of: SharedTrainings, seed: number, context: StepContext = {}): Promise<DartsRun> {
  const { table, settings, data, runs } = of;
  const { ops, nodes } = table.settings;
  const { epochs, batchSize, order } = settings.darts;
  const options = { epochs, batchSize, order: order === 2 ? (2 as const) : (1 as const), seed };
  const decides = { table: table.settings, options, data: data.fingerprint, engine: roundingClass() };
  return keptResult(runs, "six-darts", decides, SCHEMA, async () => {
    const clock = stopwatch();
    const rng = new Rng(seed).fork("six/darts");
    const network = new MixedCellNetwork({ ops, nodes }, (cell) => smallCsnasNetwork(cell, table.settings), rng);
    try {
      const { cells, best } = await searchCells(
        network,
        data,
        { ...options, task: `search a mixture ${seed}` },
        context,
      );
      const mixture = Number((100 * best.validationAccuracy).toFixed(2));
      return { seed, chosen: table.space.key(cells.cell), mixture, seconds: clock() };
    } finally {
      network.dispose();
    }
  });
}
