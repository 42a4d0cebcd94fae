// Loaded before the program (node --require): kills the process at its so many-th operation of files (KILL_AT), or so many
// milliseconds after it (KILL_AFTER_MS); COUNT_FILE takes how many there were in all.
const fs = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");
const { isMainThread } = require("node:worker_threads");

const { KILL_AT, KILL_AFTER_MS = "0", COUNT_FILE } = process.env;
let operations = 0;

if (isMainThread) {
  const writeFileSync = fs.writeFileSync;
  for (const name of ["openSync", "writeSync", "fsyncSync", "renameSync", "linkSync", "rmSync"]) {
    const original = fs[name];
    fs[name] = (...args) => {
      operations++;
      if (operations === Number(KILL_AT)) {
        if (KILL_AFTER_MS === "0") process.kill(process.pid, "SIGKILL");
        setTimeout(() => process.kill(process.pid, "SIGKILL"), Number(KILL_AFTER_MS));
      }
      return original(...args);
    };
  }
  syncBuiltinESMExports();
  if (COUNT_FILE) process.on("exit", () => writeFileSync(COUNT_FILE, `${operations}`));
}
