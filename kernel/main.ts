#!/usr/bin/env node
import { writeSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { packageRoot } from "../src/core/package-root";
import { hideAsyncMarks } from "./cells/async-marks";
import { beforeChildren } from "./cells/before-children";
import { CellRunner } from "./cells/cell-runner";
import { bringEngine } from "./cells/engine-first";
import { installNotebookHost } from "./cells/notebook-host";
import { captureOutput } from "./cells/output-capture";
import { offerTslabDisplay } from "./cells/tslab-display";
import { describeKernel } from "./kernel-info";
import { LanguageClient } from "./language/language-client";
import { readPackage } from "./language/package";
import { installRuntimeResolution } from "./language/runtime-resolution";
import { prepareTermination } from "./life/async-stack";
import { endChildProcesses } from "./life/child-processes";
import { captureDescriptors } from "./life/descriptors";
import { Session } from "./session";
import { readConnection } from "./wire/connection";
import { Phase, SharedState, type ToMain, type ToWire, type WireSettings } from "./wire/threads";

const USAGE = "usage: node main.js <connection file> [--package <folder of the package whose exports every cell has>]";
/** The longest the process stays to send what waits, in ms: it must not end with open sockets. */
const CLOSE_MS = 5000;

/** Where the kernel's own troubles are written: what descriptor 2 was. */
let log = 2;

function fail(error: unknown): never {
  const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  // process.stderr may be captured, and exit would not wait for it.
  try {
    writeSync(log, `blockwise kernel: ${problem}\n`);
  } catch {
    // Nobody reads it.
  }
  process.exit(1);
}

function run(): void {
  const { values, positionals } = parseArgs({ options: { package: { type: "string" } }, allowPositionals: true });
  const [connectionFile] = positionals;
  if (connectionFile === undefined) throw new Error(USAGE);

  const prelude = readPackage(values.package ?? packageRoot());
  const shared = new SharedState();
  // No interrupt may end the start.
  shared.phase = Phase.Starting;
  const kernelInfo = describeKernel(prelude.version);
  const connection = readConnection(connectionFile);
  const descriptors = captureDescriptors();
  log = descriptors?.log ?? log;
  // The sockets come up while the compiler loads.
  const language = new LanguageClient(__dirname, prelude, process.cwd());
  const settings: WireSettings = {
    connection,
    kernelInfo,
    shared: shared.buffer,
    descriptors,
    language: language.wire,
  };
  const wire = new Worker(join(__dirname, "wire", "wire-thread.js"), {
    workerData: settings,
    transferList: [language.wire],
  });
  const session = new Session(shared, descriptors, (message: ToWire) => wire.postMessage(message));

  const interrupt = (): void => session.interrupt();
  wire.on("message", (message: ToMain) => {
    // vm takes the listeners away while a cell starts, and a cell that was terminated there never gives them back.
    if (!process.listeners("SIGINT").includes(interrupt)) process.on("SIGINT", interrupt);
    if (message.kind === "failed") fail(message.message);
    else if (message.kind === "shutdown") process.exit(0);
    else session.receive(message);
  });
  wire.on("error", fail);
  language.thread.on("error", fail);
  process.on("exit", () => {
    endChildProcesses("SIGTERM");
    wire.postMessage({ kind: "close" } satisfies ToWire);
    shared.waitUntilClosed(CLOSE_MS);
  });
  process.on("SIGTERM", () => process.exit(0));

  installRuntimeResolution(prelude, process.cwd());
  const runner = new CellRunner(language, process.cwd(), (text) => session.print("stderr", text));
  bringEngine(prelude.main);
  hideAsyncMarks();
  prepareTermination(shared);
  installNotebookHost(session);
  offerTslabDisplay(session);
  captureOutput((name, text) => session.print(name, text));
  beforeChildren(() => session.flush());
  // From here on errors belong to cells, before they were the kernel's own.
  process.on("uncaughtException", (error) => session.uncaught(error));
  process.on("unhandledRejection", (error, promise) => session.uncaught(error, promise));
  process.on("rejectionHandled", (promise) => session.caught(promise));
  session.start(runner);
}

try {
  run();
} catch (error) {
  fail(error);
}
