import type { Command } from "commander";
import { ConfigError } from "../../core";
import { EXIT } from "../exit-codes";
import { untilInterrupted } from "../interrupt";
import { Output, type OutputOptions, withOutput } from "../output";

interface WatchOptions extends OutputOptions {
  readonly port?: string;
}

/** `blockwise watch <run>`: a page on this machine that follows a run. */
export function registerWatch(program: Command): void {
  withOutput(program.command("watch"))
    .description("a page on this machine alone that follows a run: tasks, losses, time left, the front as it moves")
    .argument("<run>", "the run's directory, e.g. runs/quickstart; whatever process makes it")
    .option("--port <number>", "of the page's address; any that is free when left out")
    .action(async (path: string, options: WatchOptions) => {
      process.exitCode = await watch(path, options);
    });
}

async function watch(path: string, options: WatchOptions): Promise<number> {
  const port = portOf(options.port);
  // Not the room's index: that loads an engine.
  const { readRunState } = await import("../../study/run-state.js");
  readRunState(path, "watch");
  const { WatchServer } = await import("../watch/watch-server.js");
  const server = new WatchServer(path);
  const url = await server.listen(port);
  const output = new Output(options);
  output.result({ url, run: path }, () => url);
  output.remark("Open it in a browser of this machine; whoever has the address can read it. Ctrl-C ends it.");
  await untilInterrupted();
  await server.close();
  return EXIT.interrupted;
}

/** 0: any. @throws ConfigError */
function portOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1024 && port <= 65_535) return port;
  throw new ConfigError(`watch: --port must be a number from 1024 to 65535, got ${JSON.stringify(text)}`);
}
