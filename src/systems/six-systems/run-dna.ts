import { z } from "zod";
import { Rng, type StepContext } from "../../core";
import { CellTeacherMaps, distillCells } from "../../distill";
import { roundingClass } from "../../engine";
import { CellNetwork, PathCellNetwork } from "../../nn";
import { rateCells } from "../../rate";
import { parseCell } from "../../space";
import { evaluate, trainClassifier } from "../../train";
import { smallCsnasNetwork } from "../csnas";
import { keptResult } from "./kept-result";
import { sharedCell } from "./shared-table";
import type { SharedTrainings } from "./trainings";

const SCHEMA = z.object({
  seed: z.number(),
  /** Test accuracy of the teacher, percent. */
  teacher: z.number(),
  /** Of the whole table, in its order: loss in each block; null where it is not finite. */
  ratings: z.array(
    z.array(
      z
        .number()
        .nullable()
        .transform((value) => value ?? Number.NaN),
    ),
  ),
  /** Processor seconds of teacher, distillation and rating. */
  seconds: z.tuple([z.number(), z.number(), z.number()]),
});

/** DNA from one seed: a teacher, a supernet a block that imitates it, and a rating of every network of the space. */
export type DnaRun = z.infer<typeof SCHEMA>;

/** @throws TrainingError when a training diverges, InterruptedError when stopped. */
export function runDna(of: SharedTrainings, seed: number, context: StepContext = {}): Promise<DnaRun> {
  const { table, settings, data, runs } = of;
  const { final, ops, nodes } = table.settings;
  const { distillation, teacher } = settings.dna;
  const training = final.training;
  const decides = {
    table: table.settings,
    distillation,
    teacher,
    seed,
    data: data.fingerprint,
    engine: roundingClass(),
  };
  return keptResult(runs, "six-dna", decides, SCHEMA, async () => {
    const mixed = { ops, nodes };
    const rng = new Rng(seed).fork("six/dna");
    const clock = stopwatch();
    const network = new CellNetwork(
      smallCsnasNetwork(parseCell(teacher, { output: "all" }), table.settings),
      rng.fork("teacher"),
    );
    const supernet = new PathCellNetwork(
      mixed,
      (cell) => smallCsnasNetwork(cell, table.settings),
      rng.fork("supernet"),
    );
    const maps: CellTeacherMaps[] = [];
    try {
      await trainClassifier(network, data, { ...training, seed, task: `train DNA's teacher ${seed}` }, context);
      const spent = [clock()];
      const { accuracy } = await evaluate(network, data.test, data, context);
      clock();
      maps.push(new CellTeacherMaps(network, { ...data, split: data.train }));
      const options = { ...distillation, seed, task: `distil block by block ${seed}` };
      await distillCells(supernet, maps[0], (drawing) => table.space.sample(drawing), options, context);
      spent.push(clock());
      maps.push(new CellTeacherMaps(network, { ...data, split: data.validation }, maps[0]));
      const ratings = await rateCells(supernet, maps[1], table.keys.map(sharedCell), context, `rate cells ${seed}`);
      spent.push(clock());
      return {
        seed,
        teacher: Number((100 * accuracy).toFixed(2)),
        ratings: ratings.map((losses) => losses.map((loss) => Number(loss.toPrecision(6)))),
        seconds: spent as unknown as DnaRun["seconds"],
      };
    } finally {
      network.dispose();
      supernet.dispose();
      for (const one of maps) one.dispose();
    }
  });
}

/** Processor seconds since it was asked last. */
export function stopwatch(): () => number {
  let last = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    return Number(((user + system) / 1e6).toFixed(3));
  };
}

/** The place of the network that is rated best: the least sum of its losses in all blocks; of equals the first. */
export function bestRated({ ratings }: Pick<DnaRun, "ratings">): number {
  const sums = ratings.map((losses) => losses.reduce((sum, loss) => sum + loss, 0));
  return sums.reduce((best, sum, place) => (Number.isNaN(sums[best]) || sum < sums[best] ? place : best), 0);
}
