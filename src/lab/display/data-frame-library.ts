import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { buildCommand, ConfigError, packageRoot } from "../../core";
import type { Danfo } from "./danfo-types";

const NAME = "danfojs-node";

/**
 * danfojs-node: that of the user's folder, else that of a checkout, else the one that the package brings, bundled with our
 * TensorFlow.js. One that is installed but cannot start (its own tfjs-node takes a download) counts as absent.
 * @throws ConfigError when there is none: the package was not built.
 */
export function loadDanfo(from: readonly string[] = [process.cwd(), packageRoot()], root = packageRoot()): Danfo {
  for (const folder of from) {
    try {
      return createRequire(join(folder, "package.json"))(NAME) as Danfo;
    } catch {
      // Absent, or without what it needs.
    }
  }
  const bundled = join(root, "dist", NAME, "index.js");
  if (!existsSync(bundled)) {
    throw new ConfigError(`data frames: ${bundled} must be there, it is missing; run ${buildCommand(root)}`);
  }
  return createRequire(bundled)(bundled) as Danfo;
}
