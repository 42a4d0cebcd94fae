import type { EngineBench, EngineRow } from "./engine";

/** A number with three digits that count. */
function digits(value: number | null): string {
  if (value === null) return "-";
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...rows];
  return `${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}

function rowOf(r: EngineRow): string[] {
  const { ours_ms, pytorch_nhwc_ms, pytorch_nchw_ms, ratio_nhwc, ratio_nhwc_equal_malloc } = r;
  const times = [ours_ms, pytorch_nhwc_ms, pytorch_nchw_ms].map(digits);
  const ratios = [ratio_nhwc, ratio_nhwc_equal_malloc].map((ratio) => ratio?.toFixed(2) ?? "-");
  const work = [`${r.gflop}`, `${r.mbytes}`, r.bound, `${Math.round(100 * r.attained)} %`];
  return [r.row, ...times, ...ratios, ...work];
}

const HEAD = [
  "row",
  "ours, ms",
  "NHWC, ms",
  "NCHW, ms",
  "ratio",
  "equal malloc",
  "GFLOP",
  "MB",
  "bound",
  "of the limit",
];

/** The numbers of one run of `bench -- engine --json` in Markdown, for `README.md`. */
export function markdown(bench: EngineBench): string {
  const versions = Object.entries(bench.versions).map(([name, version]) => `${name} ${version}`);
  const ratios = (name: string, plain: number | null, equal: number | null) => [name, digits(plain), digits(equal)];
  const parts = [
    `### ${machineOf(bench)}\n`,
    `${bench.date}; ${bench.cores} cores, load ${bench.load} at the end; ${versions.join(", ")}; our kernels ${bench.isa ?? "not named"}, BLAS ${bench.blas.ours ?? "not named"} (PyTorch's: ${bench.blas.pytorch ?? "absent"}); ${bench.seconds} s${bench.clock === "cpu" ? "; CPU times" : ""}.\n`,
    tableOf(
      ["ours to PyTorch channels_last", "as installed", "equal malloc"],
      [
        ratios("MBConv rows, geometric mean", bench.geomean_ratio_nhwc, bench.geomean_ratio_nhwc_equal_malloc),
        ratios("MBConv rows, worst", bench.max_ratio_nhwc, bench.max_ratio_nhwc_equal_malloc),
        ratios("training of the whole network, worst", bench.network_ratio_nhwc, bench.network_ratio_nhwc_equal_malloc),
        ratios("inference, worst", bench.inference_ratio, bench.inference_ratio_equal_malloc),
      ],
    ),
    `A small add and its disposal: ${bench.add_us} us; on tfjs's cpu backend ${bench.add_cpu_us} us.\n`,
    ...bench.limits.map(({ threads, copy_gb_per_s, matmul_gflop_per_s }) => {
      const title = `${threads} thread${threads > 1 ? "s" : ""}: the machine copies ${copy_gb_per_s} GB/s and multiplies matrices at ${matmul_gflop_per_s} GFLOP/s.\n`;
      return `${title}\n${tableOf(HEAD, bench.rows.filter((row) => row.threads === threads).map(rowOf))}`;
    }),
  ];
  return parts.join("\n");
}

/** The kind of machine that a run was made on: processor and the width of our kernels. */
export function machineOf({ processor, isa, date, held }: EngineBench): string {
  if (!processor || !date)
    throw new Error(
      "the run's JSON must have `processor` and `date`, but lacks them: `bench -- engine --json` writes both now; measure again",
    );
  return `${processor}, ${held ? "held at " : ""}${isa ?? "kernels not named"}`;
}

/** Tables of several machines, each under a heading with its name: the one of `machine` replaced, or added at the end. */
export function withMachine(tables: string, machine: string, fresh: string): string {
  const parts = tables.split(/^(?=### )/m).filter((part) => part.trim() !== "");
  const isOf = (part: string) => part.split("\n", 1)[0] === `### ${machine}`;
  const kept = parts.some(isOf) ? parts.map((part) => (isOf(part) ? fresh : part)) : [...parts, fresh];
  return `\n${kept.map((part) => part.trim()).join("\n\n")}\n`;
}

/** Puts `change` of what stands between the two marks in its place. */
export function between(text: string, begin: string, end: string, change: (former: string) => string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the file must have the marks ${begin} and ${end}, in this order`);
  const former = text.slice(from + begin.length, to);
  return `${text.slice(0, from + begin.length)}\n${change(former).trimEnd()}\n${text.slice(to)}`;
}
