import type { Command } from "commander";

/** Has a command say what there is where its argument is left out, after commander's own words. */
export function listWhenMissing(command: Command, what: string, names: () => readonly string[]): Command {
  return command.exitOverride((error) => {
    if (error.code === "commander.missingArgument") console.error(`${what}: ${names().join(", ")}`);
    throw error;
  });
}
