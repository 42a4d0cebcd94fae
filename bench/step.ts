import { engine } from "../src/engine";
import { macsOf, OurStep, type StepShape, stepTensors } from "./mbconv-step";
import { machine, median, round } from "./numbers";
import { EQUAL_MALLOC, PyTorch, pytorchMissing } from "./pytorch";

export interface StepRequest extends StepShape {
  threads: number;
  rounds: number;
  /** Steps of each engine in a round, of which the first warms up and does not count. */
  steps: number;
}

/** Medians in ms of one training step; null where PyTorch is absent. */
export interface StepResult extends StepRequest {
  ours_ms: number;
  pytorch_nhwc_ms: number | null;
  pytorch_nchw_ms: number | null;
  pytorch_nhwc_equal_malloc_ms: number | null;
  ratio_nhwc: number | null;
  ratio_nhwc_equal_malloc: number | null;
  /** Multiply-adds of the forward pass; the whole step does about three times as many. */
  forward_macs: number;
  /** Largest difference of loss and gradients between ours and PyTorch's first step, each relative to its largest value. */
  agreement: number | null;
  versions: Record<string, string>;
  cpu: string;
  cores: number;
  load: number;
}

/** On a crowded machine PyTorch's NCHW step can take 50 times as long; it says nothing new after this many ms. */
const ENOUGH_MS = 30_000;

interface Answer {
  ms: number[];
}

/** PyTorch beside us: once as installed, once with our allocator settings. */
export interface Rivals {
  plain: PyTorch;
  equal: PyTorch;
  version: string;
}

/** Starts PyTorch's two children, or says on stderr why there are none. */
export async function startRivals(): Promise<Rivals | undefined> {
  const missing = pytorchMissing();
  if (missing) {
    process.stderr.write(`PyTorch is absent, so only our own time is measured: ${missing}\n`);
    return undefined;
  }
  const [plain, equal] = [new PyTorch("step.py"), new PyTorch("step.py", EQUAL_MALLOC)];
  const { torch } = await plain.ask<{ torch: string }>({ do: "versions" });
  return { plain, equal, version: torch };
}

function asRequest(request: StepRequest, named: ReturnType<typeof stepTensors>): object {
  const tensors = Object.fromEntries(
    Object.entries(named).map(([name, { shape, data }]) => [
      name,
      { shape, data: Buffer.from(data.buffer).toString("base64") },
    ]),
  );
  return { shape: request, threads: request.threads, tensors };
}

/** How far the first step's loss and gradients lie apart. */
function agreement(
  ours: ReturnType<OurStep["first"]>,
  theirs: { loss: number; grads: Record<string, string> },
): number {
  let worst = Math.abs(ours.loss - theirs.loss) / Math.abs(theirs.loss);
  for (const [name, text] of Object.entries(theirs.grads)) {
    const bytes = Buffer.from(text, "base64");
    const reference = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    let [largest, difference] = [0, 0];
    for (const [i, value] of reference.entries()) {
      largest = Math.max(largest, Math.abs(value));
      difference = Math.max(difference, Math.abs(value - ours.grads[name][i]));
    }
    worst = Math.max(worst, difference / largest);
  }
  return worst;
}

/**
 * Times one training step of ours and of PyTorch in turns, in one run.
 * @throws Error if both do not compute the same loss and gradients.
 */
export async function measureStep(request: StepRequest, rivals: Rivals | undefined): Promise<StepResult> {
  const info = engine.use("native", { threads: request.threads });
  const named = stepTensors(request);
  const ours = new OurStep(request, named);
  let agreed: number | null = null;
  if (rivals) {
    const setUp = asRequest(request, named);
    for (const rival of [rivals.plain, rivals.equal]) await rival.ask({ do: "set up", ...setUp });
    agreed = agreement(ours.first(), await rivals.plain.ask({ do: "first step", ...setUp }));
    if (!(agreed < 1e-3)) throw new Error(`ours and PyTorch do not compute the same: they differ by ${agreed}`);
  }

  const times = { ours: [] as number[], nhwc: [] as number[], nchw: [] as number[], equal: [] as number[] };
  const timeOurs = () => {
    for (let i = 0; i < request.steps; i++) {
      const start = performance.now();
      ours.run();
      if (i > 0) times.ours.push(performance.now() - start);
    }
  };
  const timeTheirs = async (rival: PyTorch, layout: string, to: number[]) => {
    const { ms } = await rival.ask<Answer>({ do: "time", layout, steps: request.steps });
    to.push(...ms.slice(1));
  };
  for (let r = 0; r < request.rounds; r++) {
    const turns: (() => void | Promise<void>)[] = [timeOurs];
    if (rivals) {
      turns.push(() => timeTheirs(rivals.plain, "nhwc", times.nhwc));
      turns.push(() => timeTheirs(rivals.equal, "nhwc", times.equal));
      const spent = times.nchw.reduce((sum, ms) => sum + ms, 0);
      if (spent < ENOUGH_MS) turns.push(() => timeTheirs(rivals.plain, "nchw", times.nchw));
    }
    // Another order each round, so that no one always follows the same neighbour.
    for (let k = 0; k < turns.length; k++) await turns[(k + r) % turns.length]();
  }
  ours.dispose();

  const oursMs = median(times.ours);
  const of = (list: number[]) => (list.length > 0 ? round(median(list)) : null);
  const ratio = (list: number[]) => (list.length > 0 ? round(oursMs / median(list), 3) : null);
  return {
    ours_ms: round(oursMs),
    pytorch_nhwc_ms: of(times.nhwc),
    pytorch_nchw_ms: of(times.nchw),
    pytorch_nhwc_equal_malloc_ms: of(times.equal),
    ratio_nhwc: ratio(times.nhwc),
    ratio_nhwc_equal_malloc: ratio(times.equal),
    ...request,
    forward_macs: macsOf(request),
    agreement: agreed === null ? null : Number(agreed.toPrecision(2)),
    versions: { node: process.version, ...info.versions, ...(rivals && { torch: rivals.version }) },
    ...machine(),
  };
}
