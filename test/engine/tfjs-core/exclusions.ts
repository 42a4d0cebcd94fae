/**
 * Specs of tfjs-core that are not run on the native backend, by a pattern of their full name, and why.
 * Those with `cpu` are about kernels that run on the cpu backend by design: `--fallbacks` runs them too.
 */
const EXCLUSIONS: readonly { spec: RegExp; why: string; cpu?: true }[] = [
  { spec: /^([123]D (I|R|IR)?FFT|stft) /, why: "Fourier transforms", cpu: true },
  {
    spec: /^(add|sub|mul|abs) .*(complex|upcasts when dtypes dont match)/,
    why: "arithmetic of complex tensors",
    cpu: true,
  },
  { spec: /^concat[123]d .*complex/, why: "joining complex tensors", cpu: true },
  {
    spec: /^(stringNGrams|stringSplit|stringToHashBucketFast|staticRegexReplace) /,
    why: "operations on text",
    cpu: true,
  },
  {
    spec: /^(concat3d|slice |sparseToDense|stack|unstack|tile) .*string|^\w+ .*should support string comparison/i,
    why: "moving and comparing text",
    cpu: true,
  },
  {
    spec: /^(sparseSegment(Mean|Sum)|sparseReshape|sparseFillEmptyRows|ragged\w+) /,
    why: "sparse and ragged data",
    cpu: true,
  },
  { spec: /^(unique|image\.transform) /, why: "rare, and never in a training step", cpu: true },
  {
    spec: /^depthwiseConv2d gradients .*throws error on dilations > 1/,
    why: "expects a refusal; ours has the gradient (dilated-gradients.test.ts compares it with PyTorch's)",
  },
  {
    spec: /^maxPool(3d|WithArgmax)? .*ignores NaNs/,
    why: "a NaN goes through our max pool, as it does in PyTorch: training that has gone wrong must show",
  },
  {
    spec: /^avgPool .*gradient x=\[3,3,1\] f=\[3,3\] s=1 p=explicit/,
    why: "expects a gradient that is not the derivative of the forward pass, which leaves padding out of the mean",
  },
  {
    spec: /^pool .*fractional outputs default rounding/,
    why: "expects the input itself for a window that lies in the padding, because cpu takes a 1x1 pool for the identity",
  },
  {
    spec: /^conv2dTranspose .*input=8x8x8,output=4x4x8,f=8,s=1/,
    why: "asks for an output size that no convolution with this stride and padding has",
  },
  { spec: /^einsum .*nonexistent dimension/, why: "expects the bare message; ours says which kernel and which shapes" },
];

/** Why the spec of this full name is not run, or undefined. */
export function exclusionFor(name: string, fallbacksAllowed: boolean): string | undefined {
  return EXCLUSIONS.find(({ spec, cpu }) => spec.test(name) && !(cpu && fallbacksAllowed))?.why;
}
