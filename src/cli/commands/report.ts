import type { Command } from "commander";
import { Output, type OutputOptions, withOutput } from "../output";

/** `blockwise report <run>`: one HTML page of a run's figures and tables. */
export function registerReport(program: Command): void {
  withOutput(program.command("report"))
    .description("one HTML page with the figures and tables of a run; it needs no other file")
    .argument("<run>", "the run's directory, e.g. runs/quickstart; an unfinished one is drawn as far as it came")
    .action(async (path: string, options: OutputOptions) => {
      // Loaded here: plotly and the rooms take a second that other commands should not wait for.
      const { writeReport } = await import("../report/write-report.js");
      const page = await writeReport(path);
      new Output(options).result({ page }, () => page);
    });
}
