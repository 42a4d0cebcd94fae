/**
 * Entry of the bundle that runs tfjs-core's own tests on a backend of ours (see `run.ts`).
 * `TFJS_CORE_BACKEND` names the backend, `TFJS_CORE_REPORT` the file for the results.
 */
import { appendFileSync, writeFileSync } from "node:fs";
import { tf } from "../../../src/engine";
import { registerNative } from "../../../src/engine/native/register";
import { exclusionFor } from "./exclusions";

interface SpecResult {
  fullName: string;
  status: "passed" | "failed" | "excluded" | "pending";
  failedExpectations: { message: string; stack: string }[];
}

// biome-ignore lint/suspicious/noExplicitAny: jasmine 3 comes without types.
const jasmineCore = require("jasmine-core") as any;
const jasmine = jasmineCore.boot(jasmineCore);
const env = jasmine.getEnv();

const backend = process.env.TFJS_CORE_BACKEND ?? "native";
if (backend === "native") registerNative().addon.setThreads(1);

// biome-ignore lint/suspicious/noExplicitAny: an internal module of tfjs-core.
const { setTestEnvs } = require("@tensorflow/tfjs-core/dist/jasmine_util") as any;
setTestEnvs([{ name: backend, backendName: backend, isDataSync: true }]);

const only = process.env.TFJS_CORE_ONLY;
env.configure({
  random: false,
  specFilter: (spec: { getFullName(): string }) => {
    const name = spec.getFullName();
    return (
      (!only || name.includes(only)) &&
      (backend !== "native" || !exclusionFor(name, process.env.BLOCKWISE_NO_FALLBACK !== "1"))
    );
  },
});

const results: SpecResult[] = [];
const trace = process.env.TFJS_CORE_TRACE;
env.addReporter({
  // The last line tells where a crash happened.
  specStarted: ({ fullName }: SpecResult) => trace && appendFileSync(trace, `${fullName}\n`),
  specDone: (result: SpecResult) => results.push(result),
});
require("@tensorflow/tfjs-core/dist/tests");

env.execute(null, () => {
  const failed = results.filter((r) => r.status === "failed");
  const report = {
    backend,
    version: tf.version_core,
    passed: results.filter((r) => r.status === "passed").length,
    failed: failed.length,
    excluded: results.filter((r) => r.status === "excluded").length,
    skipped: results.filter((r) => r.status === "pending").length,
    failures: failed.map((r) => ({ name: r.fullName, message: r.failedExpectations[0]?.message.split("\n")[0] ?? "" })),
  };
  writeFileSync(process.env.TFJS_CORE_REPORT as string, JSON.stringify(report));
  process.exit(0);
});
