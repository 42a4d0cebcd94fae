import { Command, InvalidArgumentError, Option } from "commander";
import { measureEngine } from "./engine";
import { measureStep, type StepRequest, type StepResult, startRivals } from "./step";

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("a whole number of at least 1 is needed");
  return value;
}

function table(r: StepResult): string {
  const row = (name: string, ms: number | null, ratio: number | null) =>
    `  ${name.padEnd(38)}${(ms === null ? "absent" : `${ms.toFixed(1)} ms`).padStart(10)}${(ratio === null ? "" : ratio.toFixed(2)).padStart(10)}\n`;
  const { batch, size, channels, expansion, kernel, stride, se, threads } = r;
  const ratio = (ms: number | null) => (ms === null ? null : r.ours_ms / ms);
  return (
    `One MBConv training step: batch ${batch}, ${size}x${size}, ${channels} channels, expansion ${expansion}, kernel ${kernel}, ` +
    `stride ${stride}${se ? ", squeeze-excite" : ""}; ${threads} thread${threads > 1 ? "s" : ""}; medians of ${r.rounds} rounds\n\n` +
    `  ${"".padEnd(38)}${"a step".padStart(10)}${"ours to it".padStart(12)}\n` +
    row("ours", r.ours_ms, null) +
    row("PyTorch, channels_last", r.pytorch_nhwc_ms, ratio(r.pytorch_nhwc_ms)) +
    row("PyTorch, channels_last, our malloc", r.pytorch_nhwc_equal_malloc_ms, ratio(r.pytorch_nhwc_equal_malloc_ms)) +
    row("PyTorch, NCHW", r.pytorch_nchw_ms, ratio(r.pytorch_nchw_ms)) +
    `\n  ${r.cpu}, ${r.cores} cores, load ${r.load}; ${Object.entries(r.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}; loss and gradients agree to ${r.agreement ?? "(PyTorch absent)"}\n`
  );
}

const program = new Command("bench").description("Measured comparisons; PyTorch runs beside ours in the same run.");

program
  .command("step")
  .description("one MBConv training step: forward, backward, SGD")
  .option("--batch <n>", "images", positive, 64)
  .option("--size <n>", "height and width, pixels", positive, 28)
  .option("--channels <n>", "channels in and out", positive, 16)
  .option("--expansion <n>", "expanded to so many times the channels", positive, 6)
  .option("--kernel <n>", "depthwise kernel, odd", positive, 5)
  .addOption(new Option("--stride <n>", "depthwise stride").choices(["1", "2"]).default("1"))
  .option("--se", "with squeeze-excite", false)
  .option("--momentum <m>", "of SGD", Number, 0)
  .option("--no-input-grad", "the input asks for no gradient (the first layer of a network)")
  .option("--threads <n>", "of both", positive, 2)
  .option("--rounds <n>", "turns of each", positive, 5)
  .option("--steps <n>", "steps a turn; the first of them does not count", positive, 6)
  .option("--json", "one line of JSON", false)
  .action(async (o) => {
    if (o.kernel % 2 === 0) throw new InvalidArgumentError(`--kernel must be odd, got ${o.kernel}`);
    const request: StepRequest = {
      batch: o.batch,
      size: o.size,
      channels: o.channels,
      expansion: o.expansion,
      kernel: o.kernel,
      stride: Number(o.stride) as 1 | 2,
      se: o.se,
      reduced: Math.max(1, Math.round(o.channels / 4)),
      momentum: o.momentum,
      learningRate: 0.01,
      epsilon: 1e-5,
      inputGradient: o.inputGrad,
      threads: o.threads,
      rounds: o.rounds,
      steps: Math.max(2, o.steps),
    };
    const rivals = await startRivals();
    try {
      const result = await measureStep(request, rivals);
      process.stdout.write(o.json ? `${JSON.stringify(result)}\n` : table(result));
    } finally {
      rivals?.plain.close();
      rivals?.equal.close();
    }
  });

program
  .command("engine")
  .description("MBConv training steps at three sizes, kernels 3, 5 and 7")
  .option("--threads <list>", "of both, one measurement each", (text) => text.split(",").map(positive), [1, 2])
  .option("--rounds <n>", "turns of each", positive, 3)
  .option("--steps <n>", "steps a turn; the first of them does not count", positive, 4)
  .option("--json", "one line of JSON", false)
  .action(async (o) => {
    const rivals = await startRivals();
    const cell = (value: number | null) => (value === null ? "absent" : value.toFixed(2)).padStart(12);
    try {
      if (!o.json)
        process.stdout.write(
          `${"batch x size x channels, kernel".padEnd(34)}     threads        ours     PyTorch       ratio equal malloc\n`,
        );
      const turns = { rounds: o.rounds, steps: Math.max(2, o.steps) };
      const result = await measureEngine(o.threads, turns, rivals, (r) => {
        if (o.json) return;
        const name = `${r.batch} x ${r.size}x${r.size} x ${r.channels}, k${r.kernel}`.padEnd(34);
        const numbers = [r.threads, r.ours_ms, r.pytorch_nhwc_ms, r.ratio_nhwc, r.ratio_nhwc_equal_malloc];
        process.stdout.write(`${name}${numbers.map(cell).join("")}\n`);
      });
      if (o.json) process.stdout.write(`${JSON.stringify(result)}\n`);
      else
        process.stdout.write(
          `\ngeometric means: ${result.geomean_ratio_nhwc} as installed, ${result.geomean_ratio_nhwc_equal_malloc} with our malloc\n`,
        );
    } finally {
      rivals?.plain.close();
      rivals?.equal.close();
    }
  });

program.parseAsync().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
