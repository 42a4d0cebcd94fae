import { engine } from "../src/engine";
import type { MBConvLayer } from "../src/space";
import { contest, type Timing, type Turns } from "./contest";
import { machine } from "./numbers";
import type { Rivals } from "./pytorch";
import { type MBConvTraining, mbconvTraining } from "./training";
import { mbconvWork, type Work } from "./work";

/** An MBConv in the words of the command line. */
export interface StepShape {
  batch: number;
  size: number;
  channels: number;
  expansion: number;
  kernel: number;
  stride: 1 | 2;
  /** With squeeze-excite, to a quarter of the input's channels. */
  se: boolean;
  momentum: number;
  inputGradient: boolean;
}

export interface StepResult extends StepShape, Timing, Work {
  threads: number;
  rounds: number;
  steps: number;
  versions: Record<string, string>;
  /** The instruction set of our kernels. */
  isa?: string;
  /** Which product of matrices each side calls; PyTorch's is null where it is absent. */
  blas: { ours?: string; pytorch: string | null };
  cpu: string;
  cores: number;
  load: number;
}

/** What a measurement depends on beside the code. */
export type Surroundings = Pick<StepResult, "versions" | "isa" | "blas" | "cpu" | "cores" | "load">;

export function asTraining({ kernel, stride, expansion, channels, se, ...shape }: StepShape): MBConvTraining {
  const layer: MBConvLayer = {
    kind: "mbconv",
    kernelSize: kernel,
    stride,
    expansion,
    outChannels: channels,
    seRatio: se ? 0.25 : 0,
    activation: "silu",
  };
  return { ...shape, channels, layer };
}

/** Versions of all that takes part, and the machine. */
export function surroundings(rivals: Rivals | undefined): Surroundings {
  const { versions, isa, blas } = engine.info();
  return {
    versions: { node: process.version, ...versions, ...(rivals && { torch: rivals.version }) },
    isa,
    blas: { ours: blas, pytorch: rivals?.blas ?? null },
    ...machine(),
  };
}

/**
 * Times one training step of an MBConv, ours and PyTorch's in turns.
 * @throws Error if both do not compute the same loss and gradients.
 */
export async function measureStep(shape: StepShape, turns: Turns, rivals: Rivals | undefined): Promise<StepResult> {
  const training = asTraining(shape);
  const timing = await contest(mbconvTraining(training), turns, rivals);
  const { threads, rounds, steps } = turns;
  return { ...timing, ...shape, ...mbconvWork(training), threads, rounds, steps, ...surroundings(rivals) };
}
