import { type Clock, contest, type Timing } from "./contest";
import { type Attained, attained, higher, type Limits, measureLimits } from "./limits";
import { geometricMean, processorKind, round } from "./numbers";
import type { Rivals } from "./pytorch";
import { engineRows, type RowGroup } from "./rows";
import { measureSmallAdd, type SmallAdd } from "./small-add";
import { type Surroundings, surroundings } from "./step";
import type { Work } from "./work";

/** A row as it is measured. */
export interface TimedRow extends Timing {
  row: string;
  group: RowGroup;
  threads: number;
}

/** A row beside the machine's limits. */
export type EngineRow = TimedRow & Attained;

/** The engine beside PyTorch; null where PyTorch is absent, or no such row was asked for. */
export interface EngineBench extends SmallAdd, Surroundings {
  /** Over the MBConv rows: ours to channels_last as installed, and under our allocator settings. */
  geomean_ratio_nhwc: number | null;
  max_ratio_nhwc: number | null;
  geomean_ratio_nhwc_equal_malloc: number | null;
  max_ratio_nhwc_equal_malloc: number | null;
  /** The worst of the network rows, and of the inference rows. */
  network_ratio_nhwc: number | null;
  network_ratio_nhwc_equal_malloc: number | null;
  inference_ratio: number | null;
  inference_ratio_equal_malloc: number | null;
  limits: Limits[];
  /** What the times are of. */
  clock: Clock;
  /** Whether both sides were held at the kernels of an older processor. */
  held: boolean;
  rows: EngineRow[];
  seconds: number;
  /** The machine's kind, and the day (UTC) of the run: README has one table a kind. */
  processor: string;
  date: string;
}

export interface EngineRequest {
  threads: readonly number[];
  rounds: number;
  /** CPU time in place of the clock's. */
  cpu: boolean;
  /** Both sides are held at AVX2, by `holdAtAvx2`. */
  avx2: boolean;
  /** Only rows whose name has this in it. */
  only?: string;
}

/** A turn of each side ends after this, ms, or after two runs. */
const TURN_MS = 1200;

/** Measures all rows for each number of threads; `seen` gets each as it comes. */
export async function measureEngine(
  { threads, rounds, cpu, avx2, only = "" }: EngineRequest,
  rivals: Rivals | undefined,
  seen: (row: TimedRow) => void,
): Promise<EngineBench> {
  const clock: Clock = cpu ? "cpu" : "wall";
  if (cpu && threads.some((count) => count > 1))
    throw new Error("engine: --cpu needs --threads 1: threads that wait count");
  const start = performance.now();
  const limits: Limits[] = [];
  const rows: EngineRow[] = [];
  for (const count of threads) {
    const before = measureLimits(count, clock);
    const timed: { row: TimedRow; work: Work }[] = [];
    for (const { name, group, task, work, steps } of engineRows()) {
      if (!name.includes(only)) continue;
      const budgetMs = group === "op" ? TURN_MS / 3 : TURN_MS;
      // A turn holds only two or three runs of a whole network: more turns, or a moment's noise decides.
      const turns = group === "network" || group === "inference" ? 2 * rounds : rounds;
      const timing = await contest(task(), { threads: count, rounds: turns, steps, budgetMs, clock }, rivals);
      const row = { row: name, group, threads: count, ...timing };
      timed.push({ row, work });
      seen(row);
    }
    // Once more at the end: the machine is rarely as quiet twice.
    const limit = higher(before, measureLimits(count, clock));
    limits.push(limit);
    rows.push(...timed.map(({ row, work }) => ({ ...row, ...attained(work, row.ours_ms, limit) })));
  }
  const over = (
    group: RowGroup,
    key: "ratio_nhwc" | "ratio_nhwc_equal_malloc",
    of: (values: number[]) => number = (values) => Math.max(...values),
  ) => {
    const values = rows.flatMap((row) => (row.group === group ? (row[key] ?? []) : []));
    return values.length > 0 ? round(of(values), 3) : null;
  };
  return {
    geomean_ratio_nhwc: over("mbconv", "ratio_nhwc", geometricMean),
    max_ratio_nhwc: over("mbconv", "ratio_nhwc"),
    geomean_ratio_nhwc_equal_malloc: over("mbconv", "ratio_nhwc_equal_malloc", geometricMean),
    max_ratio_nhwc_equal_malloc: over("mbconv", "ratio_nhwc_equal_malloc"),
    network_ratio_nhwc: over("network", "ratio_nhwc"),
    network_ratio_nhwc_equal_malloc: over("network", "ratio_nhwc_equal_malloc"),
    inference_ratio: over("inference", "ratio_nhwc"),
    inference_ratio_equal_malloc: over("inference", "ratio_nhwc_equal_malloc"),
    ...measureSmallAdd(),
    limits,
    rows,
    ...surroundings(rivals),
    clock,
    held: avx2,
    seconds: round((performance.now() - start) / 1000, 0),
    processor: processorKind(),
    date: new Date().toISOString().slice(0, 10),
  };
}
