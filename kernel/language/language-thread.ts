import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { CellCompiler } from "./cell-compiler";
import { codeAnswers } from "./code-answers";
import { toFileScript } from "./file-script";
import type { Answer, FromLanguage, LanguageSettings, LanguageTask, Question, ToLanguage } from "./messages";
import type { Declared } from "./session-names";

/** When the compiler practises: later than a client that is in a hurry sends its first one, in ms. */
const PRACTISE_AFTER_MS = 300;
/** It looks around further when nobody has wanted anything for so long, in ms: that comes in large steps. */
const IDLE_MS = 700;
/** When the compiled code is kept for the next start: not while the first cell waits, in ms. */
const CODE_SAVED_AFTER_MS = 3000;

const { prelude, cwd, main, wire, answered } = workerData as LanguageSettings;
const answers = new Int32Array(answered);
const compiler = new CellCompiler(prelude, cwd);
/** What cells declare that are not over, by the tasks that compiled them. */
const running = new Map<number, Declared>();
let wantedAt = performance.now();

function tell(message: FromLanguage): void {
  main.postMessage(message);
  Atomics.add(answers, 0, 1);
  Atomics.notify(answers, 0);
}

function fulfil(id: number, task: LanguageTask): unknown {
  switch (task.kind) {
    case "compile": {
      const { declared, ...cell } = compiler.compile(task.source, task.run);
      if (declared) running.set(id, declared);
      return cell;
    }
    case "translate":
      return toFileScript(compiler.ts, compiler.options, task.path, task.text, task.form);
    case "resolve":
      return compiler.localFile(task.specifier, task.from);
  }
}

function take(message: ToLanguage): void {
  if (message.kind === "over" || message.kind === "reached") {
    const { kind, id, at } = message;
    const declared = running.get(id);
    if (declared && at !== undefined) compiler.keep(declared, at);
    if (kind === "over") running.delete(id);
  } else if (message.kind === "virtual-file") {
    compiler.setVirtualFile(message.path, message.text);
  } else {
    const { id, task } = message;
    wantedAt = performance.now();
    try {
      tell({ kind: "done", id, result: fulfil(id, task) });
      // The cell runs meanwhile.
      compiler.writeDeclarations();
    } catch (error) {
      const { name, message: text } = asError(error);
      tell({ kind: "failed", id, name, message: text });
    }
  }
}

function answer({ id, type, content }: Question): void {
  // What the main thread said before the client asked is known.
  for (let sent = receiveMessageOnPort(main); sent; sent = receiveMessageOnPort(main)) take(sent.message);
  wantedAt = performance.now();
  let reply: Record<string, unknown>;
  try {
    reply = { status: "ok", ...codeAnswers[type]!(compiler, content, [...running.values()]) };
  } catch (error) {
    compiler.restart();
    const { name, message } = asError(error);
    reply = { status: "error", ename: name, evalue: message, traceback: [`${name}: ${message}`] };
  }
  wire.postMessage({ id, content: JSON.stringify(reply) } satisfies Answer);
}

/** Step by step: what is asked meanwhile goes before the next. */
function practise(steps = compiler.practise()): void {
  if (steps.next().done) browse();
  else setTimeout(() => practise(steps), 0).unref();
}

function browse(steps = compiler.browse()): void {
  const rest = wantedAt + IDLE_MS - performance.now();
  try {
    if (rest <= 0 && steps.next().done) return;
    setTimeout(() => browse(steps), Math.max(0, rest)).unref();
  } catch {
    // Nobody waits for it, and whoever asks is told.
    compiler.restart();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

tell({ kind: "options", hasPaths: compiler.options.paths !== undefined });
compiler.warmUp();
main.on("message", take);
wire.on("message", answer);
setTimeout(practise, PRACTISE_AFTER_MS).unref();
setTimeout(() => compiler.saveCode(), CODE_SAVED_AFTER_MS).unref();
