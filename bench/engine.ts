import type { StepShape } from "./mbconv-step";
import { geometricMean, round } from "./numbers";
import { measureStep, type Rivals, type StepResult } from "./step";

/** Where MBConvs live: the quickstart's net, the early and the late layers of a mobile net. */
const SIZES = [
  { batch: 64, size: 28, channels: 16 },
  { batch: 32, size: 56, channels: 24 },
  { batch: 64, size: 14, channels: 112 },
];
const KERNELS = [3, 5, 7];

export interface EngineBench {
  geomean_ratio_nhwc: number | null;
  max_ratio_nhwc: number | null;
  geomean_ratio_nhwc_equal_malloc: number | null;
  max_ratio_nhwc_equal_malloc: number | null;
  rows: StepResult[];
}

/** Training steps of MBConvs at three sizes and three kernels, for each number of threads; calls `seen` row by row. */
export async function measureEngine(
  threads: readonly number[],
  turns: { rounds: number; steps: number },
  rivals: Rivals | undefined,
  seen: (row: StepResult) => void,
): Promise<EngineBench> {
  const rows: StepResult[] = [];
  for (const count of threads) {
    for (const place of SIZES) {
      for (const kernel of KERNELS) {
        const shape: StepShape = {
          ...place,
          kernel,
          expansion: 6,
          stride: 1,
          se: false,
          reduced: 1,
          momentum: 0,
          learningRate: 0.01,
          epsilon: 1e-5,
          inputGradient: true,
        };
        const row = await measureStep({ ...shape, ...turns, threads: count }, rivals);
        rows.push(row);
        seen(row);
      }
    }
  }
  const over = (key: "ratio_nhwc" | "ratio_nhwc_equal_malloc", of: (values: number[]) => number) => {
    const values = rows.flatMap((row) => row[key] ?? []);
    return values.length > 0 ? round(of(values), 3) : null;
  };
  return {
    geomean_ratio_nhwc: over("ratio_nhwc", geometricMean),
    max_ratio_nhwc: over("ratio_nhwc", (values) => Math.max(...values)),
    geomean_ratio_nhwc_equal_malloc: over("ratio_nhwc_equal_malloc", geometricMean),
    max_ratio_nhwc_equal_malloc: over("ratio_nhwc_equal_malloc", (values) => Math.max(...values)),
    rows,
  };
}
