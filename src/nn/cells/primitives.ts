import type { Rng } from "../../core";
import { tf } from "../../engine";
import {
  type ActivationPrimitive,
  type BranchesPrimitive,
  type CellPadding,
  type ConvPrimitive,
  type DepthwisePrimitive,
  type ImageShape,
  type OfPrimitives,
  type PoolPrimitive,
  type Primitive,
  primitiveOutput,
  type ZeroPrimitive,
} from "../../space";
import { BatchNorm } from "../batch-norm";
import { Sequential } from "../build-layer";
import { ConvNorm } from "../conv-norm";
import { convolutionKernel, rectangularDepthwiseKernel } from "../initialisers";
import { type ForwardContext, Module } from "../module";

/** Where a primitive is built: what enters it, and what the network fixes. */
interface Place {
  readonly input: ImageShape;
  readonly batchNormEpsilon: number;
  readonly rng: Rng;
}

/** tfjs' padding: so many pixels on each side, by axis. */
function paddingOf([height, width]: readonly [number, number], padding: CellPadding, dilation = 1) {
  if (padding === "valid") return "valid";
  const [rows, columns] = [height, width].map((kernel) => (dilation * (kernel - 1)) / 2);
  return rows === columns
    ? rows
    : ([
        [0, 0],
        [rows, rows],
        [columns, columns],
        [0, 0],
      ] as [[number, number], [number, number], [number, number], [number, number]]);
}

/** Every second row and column of a map, from the first; exact, with the gradient of a pooling of windows of one value. */
function everySecond(x: tf.Tensor4D): tf.Tensor4D {
  return tf.avgPool(x, 1, 2, "valid");
}

class Relu extends Module {
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.relu(x);
  }
}

/** max(x, 0) + slope x min(x, 0), one slope a channel, 0.25 at first (He et al., ICCV 2015). */
class PRelu extends Module {
  private readonly slope: tf.Variable<tf.Rank.R1>;

  constructor(channels: number) {
    super();
    this.slope = this.parameter("slope", tf.fill<tf.Rank.R1>([channels], 0.25));
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    // tfjs broadcasts the slopes; its types ask for a map of them.
    return tf.prelu(x, this.slope as tf.Tensor as tf.Tensor4D);
  }
}

class Convolution extends Module {
  private readonly kernel: tf.Variable<tf.Rank.R4>;

  constructor(
    private readonly of: ConvPrimitive,
    { input, rng }: Place,
  ) {
    super();
    const [height, width] = of.kernel;
    this.kernel = this.parameter("kernel", convolutionKernel([height, width, input.channels, of.outChannels], rng));
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    const { kernel, stride, padding } = this.of;
    return tf.conv2d(x, this.kernel, [...stride], paddingOf(kernel, padding));
  }
}

class DepthwiseConvolution extends Module {
  private readonly kernel: tf.Variable<tf.Rank.R4>;

  constructor(
    private readonly of: DepthwisePrimitive,
    { input, rng }: Place,
  ) {
    super();
    this.kernel = this.parameter("kernel", rectangularDepthwiseKernel(of.kernel, input.channels, rng));
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    const { kernel, stride, dilation, padding } = this.of;
    if (stride === 1 || dilation === 1) {
      return tf.depthwiseConv2d(x, this.kernel, stride, paddingOf(kernel, padding, dilation), "NHWC", dilation);
    }
    // TensorFlow.js refuses a stride together with a dilation. Where both are two, and the padding is even (2 x (kernel - 1)
    // / 2), every tap falls on an even place: the same as the undilated convolution of these places.
    return tf.depthwiseConv2d(everySecond(x), this.kernel, 1, paddingOf(kernel, padding));
  }
}

class Pooling extends Module {
  constructor(private readonly of: PoolPrimitive) {
    super();
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    const { pool, kernelSize, stride, padding } = this.of;
    const border = paddingOf([kernelSize, kernelSize], padding) as number | "valid";
    return pool === "max" ? tf.maxPool(x, kernelSize, stride, border) : tf.avgPool(x, kernelSize, stride, border);
  }
}

class Zeros extends Module {
  constructor(private readonly of: ZeroPrimitive) {
    super();
  }

  forward({ shape: [batch, height, width] }: tf.Tensor4D): tf.Tensor4D {
    const { stride, outChannels } = this.of;
    return tf.zeros([batch, Math.ceil(height / stride), Math.ceil(width / stride), outChannels]);
  }
}

class Shift extends Module {
  forward(x: tf.Tensor4D): tf.Tensor4D {
    const [, height, width] = x.shape;
    const rest = tf.slice(x, [0, 1, 1, 0], [-1, height - 1, width - 1, -1]);
    return tf.pad(rest, [
      [0, 0],
      [0, 1],
      [0, 1],
      [0, 0],
    ]);
  }
}

class Branches extends Module {
  private readonly branches: readonly Sequential[];

  constructor(
    private readonly of: BranchesPrimitive,
    place: Place,
  ) {
    super();
    this.branches = of.branches.map((branch, i) =>
      this.child(`branch${i}`, buildPrimitives(branch, { ...place, rng: place.rng.fork(`branch${i}`) })),
    );
  }

  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const ways = this.branches.map((branch) => branch.forward(x, context));
      return this.of.join === "concat" ? tf.concat(ways, 3) : sumOf(ways);
    });
  }
}

/** The sum of maps of one shape. */
export function sumOf(maps: readonly tf.Tensor4D[]): tf.Tensor4D {
  return maps.length === 1 ? maps[0].clone() : maps.reduce((sum, map) => tf.add(sum, map) as tf.Tensor4D);
}

const MODULES: OfPrimitives<[place: Place], Module> = {
  activation: ({ activation }: ActivationPrimitive, { input }) =>
    activation === "prelu" ? new PRelu(input.channels) : new Relu(),
  norm: (_, { input, batchNormEpsilon }) => new BatchNorm(input.channels, batchNormEpsilon, "none"),
  conv: (primitive, place) => new Convolution(primitive, place),
  depthwise: (primitive, place) => new DepthwiseConvolution(primitive, place),
  pool: (primitive) => new Pooling(primitive),
  zero: (primitive) => new Zeros(primitive),
  shift: () => new Shift(),
  branches: (primitive, place) => new Branches(primitive, place),
};

/** Primitives one after another, with freshly drawn parameters. */
export function buildPrimitives(primitives: readonly Primitive[], { input, batchNormEpsilon, rng }: Place): Sequential {
  const modules: Module[] = [];
  let shape = input;
  for (let i = 0; i < primitives.length; i++) {
    const primitive = primitives[i];
    const place = { input: shape, batchNormEpsilon, rng: rng.fork(String(i)) };
    const together = fusedAt(primitives, i);
    if (together) modules.push(together.build(place));
    else {
      const of = MODULES[primitive.kind] as (primitive: Primitive, place: Place) => Module;
      modules.push(of(primitive, place));
    }
    for (const last = i + (together?.length ?? 1) - 1; ; i++) {
      shape = primitiveOutput(primitives[i], shape);
      if (i === last) break;
    }
  }
  return new Sequential(modules);
}

interface Fused {
  /** Primitives that it takes. */
  readonly length: number;
  build(place: Place): Module;
}

/** What the engine has in one: a square convolution or none, its batch norm, and ReLU if it follows. */
function fusedAt(primitives: readonly Primitive[], at: number): Fused | undefined {
  const of = primitives[at];
  const square =
    of.kind === "conv" && of.padding === "symmetric" && of.kernel[0] === of.kernel[1] && of.stride[0] === of.stride[1];
  const norm = square ? at + 1 : at;
  if (primitives[norm]?.kind !== "norm") return undefined;
  const next = primitives[norm + 1];
  const activation = next?.kind === "activation" && next.activation === "relu" ? "relu" : "none";
  const length = norm - at + (activation === "relu" ? 2 : 1);
  if (!square) {
    return {
      length,
      build: ({ input, batchNormEpsilon }) => new BatchNorm(input.channels, batchNormEpsilon, activation),
    };
  }
  return {
    length,
    build: ({ input, batchNormEpsilon, rng }) =>
      new ConvNorm(
        { kind: "conv", kernelSize: of.kernel[0], stride: of.stride[0], outChannels: of.outChannels, activation },
        input.channels,
        { padding: "symmetric", batchNormEpsilon },
        rng,
      ),
  };
}
