import { taskStart } from "./scale-tasks";
import { type ScaleOptions, scaleWork } from "./scale-work";

/** A process that distils by itself when it is told to: what two of them do at once is what the machine has to give. */
async function serve(options: ScaleOptions): Promise<void> {
  const coldMs = await taskStart();
  const distil = await scaleWork(options);
  process.on("message", async () => {
    process.send!({ ms: (await distil(1)).ms });
  });
  process.send!({ coldMs });
}

void serve(JSON.parse(process.argv[2]) as ScaleOptions);
