import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { EngineBench } from "./engine";
import { between, machineOf, markdown, withMachine } from "./table";

const README = join(__dirname, "README.md");
const MARKS = ["<!-- numbers: begin -->", "<!-- numbers: end -->"] as const;

export function addTable(program: Command): void {
  program
    .command("table <json>")
    .description("the JSON of `engine --json` (a file, or - for stdin) as Markdown")
    .option("--write", "into bench/README.md, in place of this kind of machine's table or after the others", false)
    .action((file: string, { write }: { write: boolean }) => {
      const bench = JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8")) as EngineBench;
      const text = markdown(bench);
      if (!write) {
        process.stdout.write(text);
        return;
      }
      const change = (tables: string) => withMachine(tables, machineOf(bench), text);
      writeFileSync(README, between(readFileSync(README, "utf8"), ...MARKS, change));
      spawnSync("npx", ["biome", "format", "--write", README], { stdio: "ignore" });
    });
}
