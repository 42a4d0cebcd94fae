import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The state of the source that made a number. */
export interface CodeVersion {
  /** Of the package's repository; null where it is none. */
  readonly commit: string | null;
  /** Whether the code differed from the commit. */
  readonly modified: boolean;
}

/** Commit of the code under `root`, and whether what it is built from was changed since. */
export function codeVersion(root: string): CodeVersion {
  // A package in node_modules may lie in a repository that is not its own.
  if (!existsSync(join(root, ".git"))) return { commit: null, modified: false };
  const git = (...args: string[]) => spawnSync("git", ["-C", root, ...args], { encoding: "utf8" });
  const { status, stdout } = git("rev-parse", "HEAD");
  if (status !== 0) return { commit: null, modified: false };
  const built = ["src", "kernel", "native", "package-lock.json"];
  const changes = git("status", "--porcelain", "--untracked-files=no", "--", ...built);
  return { commit: stdout.trim(), modified: changes.stdout.trim() !== "" };
}
