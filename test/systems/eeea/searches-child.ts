/** EEEA-Net's searches by training in a process of their own, for a test that kills it: it waits in its 5th training until it is killed. */

import { engine } from "../../../src/engine";
import { cells, searched } from "./small-searches";

const [folder] = process.argv.slice(2);
engine.use("auto", { threads: 1 });
let evaluated = 0;
searched(folder, {
  ...cells,
  async evaluate(...given) {
    if (++evaluated === 5) {
      process.stdout.write("waiting\n");
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    }
    return cells.evaluate(...given);
  },
}).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
