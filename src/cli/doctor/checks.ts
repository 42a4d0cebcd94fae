import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { installationOf, KERNEL_NAME, kernelProgram, programOf } from "../../../kernel/install";
import { condaCommand, engineCommand, isCheckout, packageRoot, setupCommand } from "../../core";

/** One thing that must be there; `mend` is the command that brings it when it is not. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  readonly mend?: string;
}

/** Of the packages that `jupyter --version` lists: a front end, and what executes and exports notebooks. */
const FRONT_ENDS = ["jupyterlab", "notebook"];
const EXECUTORS = ["nbclient", "nbconvert"];

/** @param version as in `process.versions.node`; `wanted` as in package.json, `>=20.19`. */
export function checkNode(version = process.versions.node, wanted = wantedNode()): Check {
  const [major, minor] = version.split(".").map(Number);
  const [needMajor, needMinor = 0] = wanted.replace(/^>=/, "").split(".").map(Number);
  const ok = major > needMajor || (major === needMajor && minor >= needMinor);
  return {
    name: "Node",
    ok,
    found: `${version} (must be ${wanted})`,
    mend: ok ? undefined : `${condaCommand()}   (or install a newer Node from https://nodejs.org)`,
  };
}

function wantedNode(): string {
  return JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")).engines.node;
}

/** What brings Jupyter; set-up of a checkout does it itself. */
function jupyterCommand(): string {
  return isCheckout() ? setupCommand() : "sudo apt-get install jupyter-notebook python3-nbclient jupyter-nbconvert";
}

export function checkJupyter(): Check {
  const versions = jupyterVersions(ask("jupyter", "--version"));
  const there = (name: string): boolean => versions.has(name);
  const frontEnd = FRONT_ENDS.find(there);
  const missing = [...(frontEnd ? [] : [FRONT_ENDS.join(" or ")]), ...EXECUTORS.filter((name) => !there(name))];
  const ok = missing.length === 0;
  const found = [frontEnd, ...EXECUTORS].filter((name) => name !== undefined && there(name));
  const text = found.map((name) => `${name} ${versions.get(name as string)}`).join(", ");
  return {
    name: "Jupyter",
    ok,
    found: ok ? text : `missing: ${missing.join(", ")}`,
    mend: ok ? undefined : `${jupyterCommand()}   (or without root: ${condaCommand()})`,
  };
}

/** Installed packages and versions as `jupyter --version` prints them; empty when there is no Jupyter. */
export function jupyterVersions(text: string | undefined): ReadonlyMap<string, string> {
  const lines = (text ?? "").split("\n").map((line) => /^(\S+)\s*:\s*(\d\S*)\s*$/.exec(line));
  return new Map(lines.flatMap((match) => (match ? [[match[1], match[2]] as const] : [])));
}

interface Kernelspecs {
  readonly kernelspecs: Record<string, { resource_dir: string; spec: { argv: string[] } }>;
}

/** What Jupyter itself finds, and whether that starts this installation of Blockwise. */
export function checkKernelspec(program = kernelProgram()): Check {
  const mend = "npx blockwise kernel install";
  const failed = (found: string): Check => ({ name: "Kernel", ok: false, found, mend });
  const text = ask("jupyter", "kernelspec", "list", "--json");
  if (text === undefined) return { ...failed("Jupyter cannot be asked for its kernels"), mend: jupyterCommand() };
  const { kernelspecs } = JSON.parse(text) as Kernelspecs;
  const entry = Object.hasOwn(kernelspecs, KERNEL_NAME) ? kernelspecs[KERNEL_NAME] : undefined;
  if (!entry) return failed(`Jupyter knows no kernel "${KERNEL_NAME}"`);
  const [node] = entry.spec.argv;
  const main = programOf(entry.spec.argv) ?? "";
  for (const path of [node, main]) {
    if (!existsSync(path)) return failed(`${entry.resource_dir} starts ${path}, which is not there`);
  }
  if (main !== program) {
    return failed(
      `${entry.resource_dir} starts another installation, ${installationOf(main)}, and this one is ${installationOf(program)}`,
    );
  }
  return { name: "Kernel", ok: true, found: entry.resource_dir };
}

export async function checkEngine(): Promise<Check> {
  // Loaded here, so that commands without tensors start at once; import() in CommonJS needs whole file names.
  const { engine } = await import("../../engine/index.js");
  const { backend, device, versions, rejected } = engine.use("auto");
  const ok = backend !== "cpu";
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const reasons = rejected.filter(({ name }) => name === "native").map(({ reason }) => reason);
  return {
    name: "Engine",
    ok,
    found: ok
      ? `${backend} on ${device} (${used.join(", ")})`
      : ["only the slow JavaScript engine works", ...reasons].join(": "),
    mend: ok ? undefined : engineCommand(),
  };
}

export async function checkData(): Promise<Check> {
  const { dataFolder, findCifar10, findFashionMnist } = await import("../../data/index.js");
  try {
    dataFolder();
  } catch (error) {
    return { name: "Data", ok: false, found: (error as Error).message, mend: "unset BLOCKWISE_DATA" };
  }
  const [fashion, cifar] = [findFashionMnist(), findCifar10()];
  return {
    name: "Data",
    ok: fashion !== undefined,
    found: [
      fashion ? `fashion-mnist in ${fashion}` : "fashion-mnist is not on this machine (its first use downloads 30 MB)",
      cifar ? `cifar-10 in ${cifar}` : "cifar-10 is not (only studies need it; its first use downloads 170 MB)",
    ].join("; "),
    mend: fashion
      ? undefined
      : "sudo apt-get install dataset-fashion-mnist   (or set BLOCKWISE_DATA to a folder of data sets)",
  };
}

/** What the command prints, undefined when it is not there or fails. */
function ask(command: string, ...options: string[]): string | undefined {
  try {
    return execFileSync(command, options, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}
