import type * as TslabJupyter from "tslab/dist/jupyter";
import type { HostKernel } from "./notebook-host";

/** Lets notebooks written for tslab run: `import { display } from "tslab"` shows through this kernel. */
export function offerTslabDisplay(kernel: HostKernel): void {
  const jupyter = require("tslab/dist/jupyter") as {
    -readonly [K in keyof typeof TslabJupyter]: (typeof TslabJupyter)[K];
  };
  jupyter.lastWriteDisplayData = (data, update) => {
    const cell = kernel.outputCell();
    if (cell) kernel.publish(cell, update ? "update_display_data" : "display_data", { ...data });
  };
}
