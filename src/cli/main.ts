#!/usr/bin/env node
import { Command } from "commander";
import { packageVersion } from "../core";
import { registerCompare } from "./commands/compare";
import { registerCost } from "./commands/cost";
import { registerExport } from "./commands/export";
import { registerKernel } from "./commands/kernel";
import { registerLatency } from "./commands/latency";
import { registerNotebook } from "./commands/notebook";
import { registerPlan } from "./commands/plan";
import { registerPredict } from "./commands/predict";
import { registerReport } from "./commands/report";
import { registerRetrain } from "./commands/retrain";
import { registerRun } from "./commands/run";
import { registerSearch } from "./commands/search";
import { registerSetup } from "./commands/setup";
import { registerSpace } from "./commands/space";
import { registerStatus } from "./commands/status";
import { registerStudy } from "./commands/study";
import { registerSweep } from "./commands/sweep";
import { registerWatch } from "./commands/watch";
import { registerWorker } from "./commands/worker";
import { EXIT_CODES_HELP } from "./exit-codes";
import { reportFailure } from "./failure";

/** The `blockwise` command with all its subcommands; what commander refuses is thrown. */
export function createProgram(): Command {
  const program = new Command("blockwise");
  program
    .description("Block-wise neural architecture search")
    .version(packageVersion(), "-V, --version", "print the version")
    .showHelpAfterError("(blockwise --help tells more)")
    .showSuggestionAfterError()
    .addHelpText("after", EXIT_CODES_HELP)
    .exitOverride();
  registerCompare(program);
  registerCost(program);
  registerExport(program);
  registerLatency(program);
  registerKernel(program);
  registerNotebook(program);
  registerPlan(program);
  registerPredict(program);
  registerReport(program);
  registerRetrain(program);
  registerRun(program);
  registerSearch(program);
  registerSetup(program);
  registerSpace(program);
  registerStatus(program);
  registerStudy(program);
  registerSweep(program);
  registerWatch(program);
  registerWorker(program);
  hint(program, "blockwise");
  return program;
}

/** After an error each command names its own help. */
function hint(command: Command, words: string): void {
  command.showHelpAfterError(`(${words} --help tells more)`);
  for (const sub of command.commands) hint(sub, `${words} ${sub.name()}`);
}

/** `blockwise completion bash | zsh | fish | powershell`: what a shell sources to complete commands and options. */
async function addCompletion(program: Command): Promise<void> {
  const { default: tab } = await import("@bomb.sh/tab/commander");
  tab(program, { completionCommandName: "completion" });
  const log = console.log;
  program.commands
    .find((command) => command.name() === "completion")
    ?.hook("preAction", () => {
      console.log = (text: unknown) => log(forPlainBash(String(text)));
    })
    .hook("postAction", () => {
      console.log = log;
    });
}

/** What the library's script takes from the package bash-completion, which not every bash has. */
const WORDS_OF_BASH = `declare -F _get_comp_words_by_ref > /dev/null || _get_comp_words_by_ref() {
    words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=\${COMP_WORDS[COMP_CWORD]}; prev=\${COMP_WORDS[COMP_CWORD-1]}
}
`;

/** The script for bash such that bash alone can take it, as often as it is sourced: it refuses to set a readonly name twice. */
function forPlainBash(script: string): string {
  if (!script.startsWith("# bash completion")) return script;
  return script.replace(/^readonly (?=\w+=)/gm, "").replace("\n", `\n\n${WORDS_OF_BASH}`);
}

/** @returns the exit code. */
export async function main(argv: readonly string[] = process.argv): Promise<number> {
  process.exitCode = 0;
  try {
    const program = createProgram();
    // No command of ours waits for what only completion and help need.
    if (!program.commands.some((command) => command.name() === argv[2])) await addCompletion(program);
    await program.parseAsync([...argv]);
    return Number(process.exitCode);
  } catch (error) {
    return reportFailure(error);
  }
}

if (require.main === module) {
  void main().then((code) => {
    process.exitCode = code;
  });
}
