/** PNAS over trainings in a process of its own, for a test that kills it: it waits in its 13th training until it is killed. */

import { engine } from "../../../src/engine";
import { cells, grown } from "./small-search";

const [folder] = process.argv.slice(2);
engine.use("auto", { threads: 1 });
let evaluated = 0;
grown(folder, {
  ...cells,
  async evaluate(...given) {
    if (++evaluated === 13) {
      process.stdout.write("waiting\n");
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    }
    return cells.evaluate(...given);
  },
}).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
