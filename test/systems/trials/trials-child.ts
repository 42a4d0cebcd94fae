/** A search in a process of its own, for a test that kills it: it tells each trial, and waits after the one that it is told. */

import { LABEL_FREE, STAGED, search } from "./small-trials";

const [folder, which, last] = process.argv.slice(2);
search(folder, which === "staged" ? STAGED : LABEL_FREE, (done) => {
  if (done < Number(last)) return;
  process.stdout.write("waiting\n");
  // Blocks: nothing after it is written before the kill.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
}).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
