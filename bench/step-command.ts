import { type Command, InvalidArgumentError, Option } from "commander";
import { positive } from "./arguments";
import { withRivals } from "./pytorch";
import { measureStep, type StepResult } from "./step";

function table(r: StepResult): string {
  const row = (name: string, ms: number | null, ratio: number | null) =>
    `  ${name.padEnd(38)}${(ms === null ? "absent" : `${ms.toFixed(1)} ms`).padStart(10)}${(ratio === null ? "" : ratio.toFixed(2)).padStart(10)}\n`;
  const { batch, size, channels, expansion, kernel, stride, se, threads } = r;
  return (
    `One MBConv training step: batch ${batch}, ${size}x${size}, ${channels} channels, expansion ${expansion}, kernel ${kernel}, ` +
    `stride ${stride}${se ? ", squeeze-excite" : ""}; ${threads} thread${threads > 1 ? "s" : ""}; medians of ${r.rounds} rounds\n\n` +
    `  ${"".padEnd(38)}${"a step".padStart(10)}${"ours to it".padStart(12)}\n` +
    row("ours", r.ours_ms, null) +
    row("PyTorch, channels_last", r.pytorch_nhwc_ms, r.ratio_nhwc) +
    row("PyTorch, channels_last, our malloc", r.pytorch_nhwc_equal_malloc_ms, r.ratio_nhwc_equal_malloc) +
    row("PyTorch, NCHW", r.pytorch_nchw_ms, r.ratio_nchw) +
    `\n  ${r.cpu}, ${r.cores} cores, load ${r.load}; ${Object.entries(r.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}; loss and gradients agree to ${r.agreement ?? "(PyTorch absent)"}\n`
  );
}

export function addStep(program: Command): void {
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
      const { batch, size, channels, expansion, kernel, se, momentum, threads, rounds, steps } = o;
      const stride = Number(o.stride) as 1 | 2;
      const shape = { batch, size, channels, expansion, kernel, stride, se, momentum, inputGradient: o.inputGrad };
      const result = await withRivals((rivals) =>
        measureStep(shape, { threads, rounds, steps, budgetMs: 10_000 }, rivals),
      );
      process.stdout.write(o.json ? `${JSON.stringify(result)}\n` : table(result));
    });
}
