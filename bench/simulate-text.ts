import { ASSUMED, SETTING, type Simulation } from "./simulate";

const days = (seconds: number) => (seconds / 86_400).toFixed(seconds < 864_000 ? 2 : 1);
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => "---:"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** A simulation as Markdown, between the markers of `docs/scale.md`. */
export function simulationText(simulation: Simulation): string {
  const { blocks, runs, rates, cells } = simulation;
  const [one] = runs;
  const last = runs[runs.length - 1];
  const enough = runs.find(({ distil }) => distil <= last.distil * 1.0001);
  const gflop = (rate: number) => (rate / 1e9).toFixed(1);
  const recomputed = simulation.recomputedTeacherMacs / simulation.cachedTeacherMacs;
  const busy = Math.floor(ASSUMED.storeBytesPerSecond / simulation.readBytesPerSecond);
  return [
    `${SETTING.images.toLocaleString("en")} images, ${SETTING.epochs} epochs of each of ${cells} cells. One worker is one thread that trains ${gflop(rates.wide)} GFLOP/s where maps are wide (blocks 1 and 2) and ${gflop(rates.narrow)} where they are narrow, and computes a forward pass at ${gflop(rates.forward)}: rows of [\`bench/README.md\`](../bench/README.md), measured. Assumed, not measured: a store of ${ASSUMED.storeBytesPerSecond / 1e9} GB/s for all workers together; a Redis of ${ASSUMED.redisCommandsPerSecond.toLocaleString("en")} commands a second, of which a worker at work takes at most ${ASSUMED.redisCommandsPerBusyWorker}.`,
    table(
      [
        "block",
        "teacher up to it, GMACs",
        "path of each cell, MMACs",
        "cell, days of a worker",
        "features, GB",
        "the cache wins above, MB/s",
      ],
      blocks.map(({ prefixMacs, cellMacs, cellSeconds, featureBytes, breakEvenBytesPerSecond }, block) => [
        `${block + 1}`,
        (prefixMacs / 1e9).toFixed(2),
        cellMacs.map((macs) => (macs / 1e6).toFixed(0)).join(", "),
        cellSeconds.map(days).join(", "),
        (featureBytes / 1e9).toFixed(0),
        (breakEvenBytesPerSecond / 1e6).toFixed(1),
      ]),
    ),
    table(
      ["workers", "teacher", "store", "distil", "rate", "days in all", "teacher divided", "no cache"],
      runs.map(({ workers, teacher, transfer, distil, rate, total, dividedTeacherTotal, recomputingTotal }) => [
        `${workers}`,
        ...[teacher, transfer, distil, rate, total, dividedTeacherTotal, recomputingTotal].map(days),
      ]),
    ),
    [
      `- **Where it stops**: ${enough?.workers} workers distil as fast as ${last.workers}: there are ${cells} cells, and a cell's steps follow each other. The longest takes ${days(last.distil)} days. From 1 to ${last.workers} workers all of it becomes ${(one.total / last.total).toFixed(1)} times faster, ${(one.dividedTeacherTotal / last.dividedTeacherTotal).toFixed(1)} times if the teacher's pass were divided, too; beyond that a cell's batch must be divided.`,
      `- **Features**: ${(simulation.allFeatureBytes / 1e12).toFixed(2)} TB in float32 for one view of each image, half of it in float16; a new view in every epoch, as the released code draws, would be ${SETTING.epochs} times as much.`,
      `- **Cache or teacher**: without the cache the teacher does ${recomputed.toFixed(0)} times the work. Reading wins wherever a worker gets more than the last column of the first table; a cell that read its features from the store at every step would take at most ${(simulation.readBytesPerSecond / 1e6).toFixed(0)} MB/s, so that the assumed store would carry ${busy} of them. Workers keep what they read, and it is read once.`,
      `- **Redis** carries the notes of ${simulation.redisWorkers} workers at work; no feature passes through it.`,
    ].join("\n"),
  ].join("\n\n");
}
