// Loaded before the program (node --require): sends the process a signal just when a certain file was written, so that it
// is stopped at the same place however fast the machine is. STOP_AT is the end of the file's path, STOP_BY the signal.
const fs = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");
const { isMainThread } = require("node:worker_threads");

const { STOP_AT, STOP_BY } = process.env;
const rename = fs.renameSync;
let stopped = false;

if (STOP_AT && isMainThread) {
  fs.renameSync = (from, to) => {
    rename(from, to);
    if (stopped || !String(to).endsWith(STOP_AT)) return;
    stopped = true;
    process.kill(process.pid, STOP_BY);
  };
  syncBuiltinESMExports();
}
