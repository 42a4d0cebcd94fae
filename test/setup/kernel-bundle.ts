import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { KERNEL_BUNDLE } from "./kernel-place";

const ROOT = resolve(__dirname, "../..");

/** Compiles the kernel of the working tree once for all tests of a run, below `build/`, where it finds node_modules. */
export async function setup(): Promise<() => void> {
  const outdir = join(ROOT, "build", `kernel-test-${process.pid}`);
  await build({
    absWorkingDir: ROOT,
    entryPoints: [
      "kernel/main.ts",
      "kernel/wire/wire-thread.ts",
      "kernel/language/language-thread.ts",
      "kernel/install.ts",
    ],
    bundle: true,
    packages: "external",
    platform: "node",
    format: "cjs",
    target: "node20",
    outbase: "kernel",
    outdir,
  });
  // Inherited by the processes that run tests.
  process.env[KERNEL_BUNDLE] = outdir;
  return () => rmSync(outdir, { recursive: true, force: true });
}
