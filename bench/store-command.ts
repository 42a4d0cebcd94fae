import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Argument, type Command } from "commander";
import { codeVersion } from "../src/core";
import { machine } from "./numbers";

const ROOT = resolve(__dirname, "..");
/** What README's figures come from: each command prints one line of JSON. */
const STORED = {
  step: ["bench", "--", "step", "--json"],
  engine: ["bench", "--", "engine", "--json"],
  dna: ["bench", "--", "dna", "--json"],
  kernel: ["bench", "--", "kernel", "--json"],
  scale: ["bench", "--", "scale", "--json"],
  "tfjs-core": ["test:tfjs-core", "--", "--json"],
} as const;
type Stored = keyof typeof STORED;

export function addStore(program: Command): void {
  program
    .command("store")
    .description("run benchmarks and keep their results in bench/results/, which README's figures are compared with")
    .addArgument(new Argument("[names...]", "which ones; all when left out").choices(Object.keys(STORED)))
    .action((names: Stored[]) => {
      for (const name of names.length > 0 ? names : (Object.keys(STORED) as Stored[])) store(name);
    });
}

function store(name: Stored): void {
  const started = new Date();
  const command = ["run", "-s", ...STORED[name]];
  process.stderr.write(`npm ${command.join(" ")}\n`);
  const { status, stdout } = spawnSync("npm", command, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`bench store: npm ${command.join(" ")} ended with ${status}`);
  const result = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as object;
  const provenance = {
    command: `npm ${command.join(" ")}`,
    ...codeVersion(ROOT),
    started: started.toISOString(),
    node: process.version,
    cpu: machine().cpu,
    cores: machine().cores,
  };
  const folder = join(ROOT, "bench", "results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...result, provenance }, null, 2)}\n`);
}
