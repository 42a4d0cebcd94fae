import { engine, type tf } from "../src/engine";
import { median, round } from "./numbers";
import type { PyTorch, Rivals } from "./pytorch";

/** What the first run gives: compared with PyTorch's before anything is timed. */
export interface Outcome {
  loss: number;
  values: Record<string, Float32Array>;
}

/** Our side of a task. */
export interface Contestant {
  run(): void;
  first(): Outcome;
  dispose(): void;
}

/** One task for both sides. */
export interface Task {
  /** Its name in `pytorch/child.py`. */
  name: string;
  /** What PyTorch's side needs; float32 arrays by `stored`. */
  payload: object;
  /** False where no tensor has a layout: PyTorch's one form then counts as NHWC. */
  layouts?: boolean;
  /** How far both sides may lie apart, relative. */
  tolerance: number;
  /** Makes our side, from the same data. */
  ours: () => Contestant;
}

/** How long to measure. */
export interface Turns {
  threads: number;
  /** Turns of each side. */
  rounds: number;
  /** Runs a turn, of which the first warms up and does not count; at least two. */
  steps: number;
  /** A turn ends after so many ms. */
  budgetMs: number;
  /** What runs on one thread can be measured by its CPU time too, which counts no waiting for others; default: wall. */
  clock?: Clock;
}

export type Clock = "wall" | "cpu";

/** ms of a clock. */
function now(clock: Clock): number {
  if (clock === "wall") return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Medians in ms of one run, and of a round's ratios; null where PyTorch, or the layout, is absent. */
export interface Timing {
  ours_ms: number;
  pytorch_nhwc_ms: number | null;
  pytorch_nchw_ms: number | null;
  pytorch_nhwc_equal_malloc_ms: number | null;
  ratio_nhwc: number | null;
  ratio_nchw: number | null;
  ratio_nhwc_equal_malloc: number | null;
  /** How far both sides' first runs lie apart, relative. */
  agreement: number | null;
}

/** A float32 array as `pytorch/child.py` reads it. */
export function stored({ shape, data }: { shape: readonly number[]; data: Float32Array }): object {
  return { shape, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") };
}

/** The values of tensors by name. */
export function valuesOf(tensors: Iterable<[string, tf.Tensor]>): Outcome["values"] {
  return Object.fromEntries([...tensors].map(([name, tensor]) => [name, tensor.dataSync() as Float32Array]));
}

interface Theirs {
  loss: number;
  values: Record<string, string>;
}

function length(values: Float32Array, minus?: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value, i) => sum + (value - (minus?.[i] ?? 0)) ** 2, 0));
}

/**
 * How far both sides' first runs lie apart: of the loss and of each tensor the length of the difference, relative to its
 * own length, or to a thousandth of the longest one's (a gradient that is zero but for rounding says nothing).
 */
function agreement(ours: Outcome, theirs: Theirs): number {
  const pairs = Object.entries(theirs.values).map(([name, text]): [Float32Array, Float32Array] => {
    const reference = new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
    const mine = ours.values[name];
    if (mine?.length !== reference.length) throw new Error(`our side has no ${name} of PyTorch's size`);
    return [mine, reference];
  });
  const floor = Math.max(...pairs.map(([, reference]) => length(reference))) / 1000;
  const loss = theirs.loss === 0 ? 0 : Math.abs(ours.loss - theirs.loss) / Math.abs(theirs.loss);
  return Math.max(loss, ...pairs.map(([mine, ref]) => length(mine, ref) / Math.max(length(ref), floor)));
}

/** Times runs of `run` until the turn is over; the first does not count. */
export function timed(
  run: () => void,
  { steps, budgetMs, clock = "wall" }: Pick<Turns, "steps" | "budgetMs" | "clock">,
): number[] {
  const times: number[] = [];
  const begin = performance.now();
  for (let i = 0; i < steps && (i < 2 || performance.now() - begin < budgetMs); i++) {
    const start = now(clock);
    run();
    times.push(now(clock) - start);
  }
  return times.slice(1);
}

/** Who has measured as long as this, ms, takes no further turn. */
const ENOUGH_MS = 6_000;

/** One who takes turns; times are in ms. */
class Side {
  private readonly turns: number[][] = [];
  private spent = 0;

  constructor(private readonly measure: () => Promise<number[]>) {}

  async turn(): Promise<void> {
    if (this.spent > ENOUGH_MS) return;
    const start = performance.now();
    this.turns.push(await this.measure());
    this.spent += performance.now() - start;
  }

  /** Of all turns. */
  get median(): number {
    return median(this.turns.flat());
  }

  /** Over another's: median over the rounds that both took part in, for a machine's speed wanders from round to round. */
  over(other: Side): number {
    const both = Math.min(this.turns.length, other.turns.length);
    return median(this.turns.slice(0, both).map((turn, k) => median(turn) / median(other.turns[k])));
  }
}

/** Another order each round, so that no one always follows the same neighbour. */
async function match(sides: readonly Side[], rounds: number): Promise<void> {
  for (let r = 0; r < rounds; r++) {
    for (let k = 0; k < sides.length; k++) await sides[(k + r) % sides.length].turn();
  }
}

/**
 * Times a task on both sides in turns, in one run: first ours and PyTorch with our allocator settings, then ours and PyTorch
 * as installed; each ratio is of one match.
 * @throws Error if both sides do not compute the same.
 */
export async function contest(task: Task, turns: Turns, rivals: Rivals | undefined): Promise<Timing> {
  engine.use("native", { threads: turns.threads });
  const layouts = task.layouts === false ? ["nhwc"] : ["nhwc", "nchw"];
  let agreed: number | null = null;
  if (rivals) {
    const setUp = { do: "set up", task: task.name, payload: task.payload, threads: turns.threads };
    await rivals.plain.ask({ ...setUp, layouts });
    await rivals.equal.ask({ ...setUp, layouts: ["nhwc"] });
    const trial = task.ours();
    agreed = agreement(trial.first(), await rivals.plain.ask<Theirs>({ do: "first" }));
    trial.dispose();
    if (!(agreed < task.tolerance)) throw new Error(`${task.name}: ours and PyTorch differ by ${agreed}`);
  }
  const contestant = task.ours();
  const ours = () => new Side(async () => timed(() => contestant.run(), turns));
  const theirs = (rival: PyTorch, layout: string, budgetMs = turns.budgetMs) =>
    new Side(async () => {
      const request = { do: "time", layout, steps: turns.steps, budget_ms: budgetMs, clock: turns.clock ?? "wall" };
      return (await rival.ask<{ ms: number[] }>(request)).ms.slice(1);
    });
  // A match for each of PyTorch's children: the one as installed gives its memory back after every step, which on a virtual
  // machine slows whoever runs next.
  const alone = ours();
  const equal = rivals && theirs(rivals.equal, "nhwc");
  await match(equal ? [alone, equal] : [alone], turns.rounds);
  const besidePlain = ours();
  const nhwc = rivals && theirs(rivals.plain, "nhwc");
  // Half the time for what is only shown: it is the slowest by far.
  const nchw = rivals && layouts.includes("nchw") ? theirs(rivals.plain, "nchw", turns.budgetMs / 2) : undefined;
  if (nhwc) await match(nchw ? [besidePlain, nhwc, nchw] : [besidePlain, nhwc], turns.rounds);
  contestant.dispose();

  const of = (side: Side | undefined) => (side ? round(side.median, 3) : null);
  const ratio = (mine: Side, side: Side | undefined) => (side ? round(mine.over(side), 3) : null);
  return {
    ours_ms: round(alone.median, 3),
    pytorch_nhwc_ms: of(nhwc),
    pytorch_nchw_ms: of(nchw),
    pytorch_nhwc_equal_malloc_ms: of(equal),
    ratio_nhwc: ratio(besidePlain, nhwc),
    ratio_nchw: ratio(besidePlain, nchw),
    ratio_nhwc_equal_malloc: ratio(alone, equal),
    agreement: agreed === null ? null : Number(agreed.toPrecision(2)),
  };
}
