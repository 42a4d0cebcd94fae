/**
 * Runs tfjs-core's own test-suite (it ships inside the npm package) against the native backend, fallbacks forbidden:
 *   npm run -s test:tfjs-core -- [--json] [--fallbacks] [--backend cpu] [--only PART_OF_NAME]
 * Ends with 1 where a spec fails.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

interface Report {
  passed: number;
  failed: number;
  excluded: number;
  skipped: number;
  failures: { name: string; message: string }[];
}

const root = join(__dirname, "../../..");
const folder = join(root, "native/build/tfjs-core");

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at > 0 ? process.argv[at + 1] : undefined;
}

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const bundle = join(folder, "suite.js");
  const reportPath = join(folder, "report.json");
  rmSync(reportPath, { force: true });
  await build({
    entryPoints: [join(__dirname, "suite.ts")],
    outfile: bundle,
    bundle: true,
    platform: "node",
    target: "node20",
    // One instance of tfjs-core for the tests and for us, hence its modules and not the union's bundle.
    mainFields: ["module", "main"],
    // tfjs-core declares its test files free of side effects; believed, nearly all would be dropped.
    ignoreAnnotations: true,
    external: ["jasmine-core"],
    logLevel: "error",
  });
  const run = spawnSync(process.execPath, [bundle], {
    env: {
      ...process.env,
      BLOCKWISE_NO_FALLBACK: process.argv.includes("--fallbacks") ? "0" : "1",
      BLOCKWISE_NATIVE: join(root, "native/build/Release/blockwise_native.node"),
      TFJS_CORE_BACKEND: option("--backend") ?? "native",
      TFJS_CORE_REPORT: reportPath,
      TFJS_CORE_ONLY: option("--only") ?? "",
    },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  let report: Report;
  try {
    report = JSON.parse(readFileSync(reportPath, "utf8")) as Report;
  } catch {
    process.stderr.write(
      `${run.stderr.slice(-4000)}\nthe suite did not end (status ${run.status}, signal ${run.signal})\n`,
    );
    process.exit(1);
  }
  if (process.argv.includes("--json")) {
    const { failures, ...counts } = report;
    process.stdout.write(`${JSON.stringify({ ...counts, failures: failures.slice(0, 20) })}\n`);
  } else {
    for (const { name, message } of report.failures) process.stdout.write(`FAILED ${name}\n       ${message}\n`);
    const { passed, failed, excluded, skipped } = report;
    process.stdout.write(`${passed} passed, ${failed} failed, ${excluded} excluded, ${skipped} skipped by tfjs-core\n`);
  }
  process.exit(report.failed > 0 ? 1 : 0);
}

void main();
