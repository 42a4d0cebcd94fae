import type { Command } from "commander";
import { ConfigError, shown } from "../../core";
import { type AskedRunOptions, askedRun, withAskedRun } from "../asked-run";
import { readExperiment } from "../experiment-file";
import { Output, type OutputOptions, withOutput } from "../output";
import { foresee, type RoomOptions, withRoom } from "../plan/foresee";

interface PlanOptions extends OutputOptions, AskedRunOptions, RoomOptions {}

/** `blockwise plan <experiment>`: what a run will take, from a short measured probe. */
export function registerPlan(program: Command): void {
  withOutput(withRoom(withAskedRun(program.command("plan"))))
    .description(
      "what a run will take before it begins: steps, tasks, time from a short measured probe, bytes on the disk, peak memory; refuses what there is no room for",
    )
    .action(async (file: string, options: PlanOptions) => {
      const output = new Output(options);
      const written = readExperiment(file, "plan");
      if (written.system !== undefined) {
        throw new ConfigError(
          `plan: plans block-wise experiments, and ${file} is one of the system ${shown(written.system)}; start it with blockwise run, which can be stopped and resumed`,
          { system: written.system },
        );
      }
      process.exitCode = await foresee(await askedRun(file, written, options, "plan"), options, output);
    });
}
