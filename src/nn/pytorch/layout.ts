import type { StoredTensor } from "../module";

/**
 * Whether a kernel of ours is a depthwise one, whose `[height, width, channels, 1]` is PyTorch's `[channels, 1, height, width]`.
 */
function isDepthwise(own: string): boolean {
  return own.endsWith("depthwise.kernel");
}

/** What a tensor of ours is in PyTorch's layout. @param rank 4 where PyTorch has a 1x1 convolution for our linear layer. */
export function pytorchShape(own: string, shape: readonly number[], rank: 2 | 4): readonly number[] {
  if (shape.length < 2) return shape;
  const [first, last] = shape.slice(-2);
  const [height, width] = shape.length === 4 ? shape : [1, 1];
  const channels = isDepthwise(own) ? [first, last] : [last, first];
  return shape.length === 4 || rank === 4 ? [...channels, height, width] : channels;
}

/**
 * PyTorch's `[out, in, height, width]` as `[height, width, in, out]` (depthwise `[channels, 1, h, w]` as
 * `[h, w, channels, 1]`), `[out, in]` and a 1x1 convolution in place of it as `[in, out]`.
 * @param wanted The sizes that we have for it.
 */
export function fromPyTorch({ shape, data }: StoredTensor, own: string, wanted: readonly number[]): StoredTensor {
  if (shape.length < 2) return { shape, data };
  const [out, inputs, height = 1, width = 1] = shape;
  const channels = isDepthwise(own) ? [out, inputs] : [inputs, out];
  const isLinear = wanted.length === 2 && height * width === 1;
  return { shape: isLinear ? channels : [height, width, ...channels], data: rearranged(data, own, shape, "ours") };
}

/** A tensor of ours in PyTorch's layout: the inverse of {@link fromPyTorch}. */
export function toPyTorch({ shape, data }: StoredTensor, own: string, rank: 2 | 4): StoredTensor {
  if (shape.length < 2) return { shape, data };
  const target = pytorchShape(own, shape, rank);
  return { shape: target, data: rearranged(data, own, target, "pytorch") };
}

/** The same numbers in the order that our layout, or PyTorch's, has them in. @param shape PyTorch's. */
function rearranged(
  data: StoredTensor["data"],
  own: string,
  [out, inputs, height = 1, width = 1]: readonly number[],
  into: "ours" | "pytorch",
): Float32Array {
  const depthwise = isDepthwise(own);
  const [first, last] = depthwise ? [out, inputs] : [inputs, out];
  const values = new Float32Array(data.length);
  let there = 0;
  for (let o = 0; o < out; o++) {
    for (let i = 0; i < inputs; i++) {
      const [f, l] = depthwise ? [o, i] : [i, o];
      for (let p = 0; p < height * width; p++, there++) {
        const here = (p * first + f) * last + l;
        if (into === "ours") values[here] = data[there];
        else values[there] = data[here];
      }
    }
  }
  return values;
}
