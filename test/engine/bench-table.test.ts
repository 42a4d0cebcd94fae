import { expect, test } from "vitest";
import type { EngineBench } from "../../bench/engine";
import { attained, higher } from "../../bench/limits";
import { processorKind } from "../../bench/numbers";
import { between, machineOf, markdown, withMachine } from "../../bench/table";
import { mbconvWork } from "../../bench/work";

const limits = { threads: 1, copy_gb_per_s: 10, matmul_gflop_per_s: 40 };

test("a row is bound by whichever takes longer, and attains its share of that", () => {
  expect(attained({ flops: 8e9, bytes: 1e8 }, 400, limits)).toEqual({
    gflop: 8,
    mbytes: 100,
    bound: "arithmetic",
    limit_ms: 200,
    attained: 0.5,
  });
  expect(attained({ flops: 1e6, bytes: 1e8 }, 40, limits)).toMatchObject({
    bound: "bytes",
    limit_ms: 10,
    attained: 0.25,
  });
  expect(higher(limits, { threads: 1, copy_gb_per_s: 12, matmul_gflop_per_s: 30 })).toEqual({
    threads: 1,
    copy_gb_per_s: 12,
    matmul_gflop_per_s: 40,
  });
});

test("the work of the design note's MBConv: 275 million multiply-adds forward, three times that in all", () => {
  const layer = {
    kind: "mbconv",
    kernelSize: 5,
    stride: 1,
    expansion: 6,
    outChannels: 16,
    seRatio: 0,
    activation: "silu",
  } as const;
  const { flops, bytes } = mbconvWork({ batch: 64, size: 28, channels: 16, layer, momentum: 0, inputGradient: true });
  expect(flops).toBe(6 * 274563072);
  const [spread, thin] = [64 * 28 * 28 * 96 * 4, 64 * 28 * 28 * 16 * 4];
  expect(bytes).toBe(6 * spread + 15 * thin);
});

test("a run becomes a table, one line a row, between the marks of a file", () => {
  const timing = { ours_ms: 40, pytorch_nhwc_ms: 100, pytorch_nchw_ms: 200, pytorch_nhwc_equal_malloc_ms: 80 };
  const ratios = { ratio_nhwc: 0.4, ratio_nchw: 0.2, ratio_nhwc_equal_malloc: 0.5, agreement: 1e-5 };
  const row = { row: "MBConv", group: "mbconv", threads: 1, ...timing, ...ratios } as const;
  const bench: EngineBench = {
    geomean_ratio_nhwc: 0.4,
    max_ratio_nhwc: 0.4,
    geomean_ratio_nhwc_equal_malloc: 0.5,
    max_ratio_nhwc_equal_malloc: 0.5,
    network_ratio_nhwc: null,
    network_ratio_nhwc_equal_malloc: null,
    inference_ratio: null,
    inference_ratio_equal_malloc: null,
    add_us: 4,
    add_cpu_us: 3,
    limits: [limits],
    clock: "wall",
    held: false,
    isa: "avx2",
    blas: { ours: "OpenBLAS Zen", pytorch: null },
    rows: [{ ...row, ...attained({ flops: 8e8, bytes: 1e8 }, 40, limits) }],
    versions: { node: "v20" },
    cpu: "a CPU",
    cores: 2,
    load: 0,
    seconds: 1,
    processor: "a CPU (family 26, model 2)",
    date: "2026-11-30",
  };
  const text = markdown(bench);
  expect(text).toContain("| MBConv | 40.0 | 100 | 200 | 0.40 | 0.50 | 0.8 | 100 | arithmetic | 50 % |");
  expect(text).toContain("copies 10 GB/s and multiplies matrices at 40 GFLOP/s");
  expect(text).toMatch(/^### a CPU \(family 26, model 2\), avx2\n\n2026-11-30; 2 cores/);
  expect(between("a <1> old <2> z", "<1>", "<2>", (former) => `${former.trim()} new`)).toBe("a <1>\nold new\n<2> z");
  expect(() => between("a <2> <1>", "<1>", "<2>", () => "new")).toThrow(/must have the marks/);
  expect(machineOf({ ...bench, held: true })).toBe("a CPU (family 26, model 2), held at avx2");
  expect(() => machineOf({ ...bench, processor: "" })).toThrow(/measure again/);
});

test("each kind of machine keeps its table when another's is written", () => {
  const one = withMachine("\n", "A, avx2", "### A, avx2\n\nfirst\n");
  const two = withMachine(one, "A, avx512", "### A, avx512\n\nsecond\n");
  expect(two.trim()).toBe("### A, avx2\n\nfirst\n\n### A, avx512\n\nsecond");
  expect(withMachine(two, "A, avx2", "### A, avx2\n\nthird\n").trim()).toBe(
    "### A, avx2\n\nthird\n\n### A, avx512\n\nsecond",
  );
});

test("family and model tell apart processors of one name", () => {
  const text = "processor\t: 0\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n";
  expect(processorKind(text)).toBe("AMD EPYC (family 26, model 2)");
  expect(processorKind("")).toBe("unknown");
});
