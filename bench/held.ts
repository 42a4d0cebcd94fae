import { Option } from "commander";

/** What holds both sides at AVX2: our kernels, ATen's, oneDNN's and OpenBLAS', each by its own variable. */
const AVX2 = {
  BLOCKWISE_ISA: "avx2",
  ATEN_CPU_CAPABILITY: "avx2",
  ONEDNN_MAX_CPU_ISA: "AVX2",
  OPENBLAS_CORETYPE: "Haswell",
};

/** `--avx2`, for a processor with AVX-512. */
export function heldOption(): Option {
  return new Option(
    "--avx2",
    "hold both sides at AVX2: the kernels, not the caches and memory, of a processor without AVX-512",
  ).default(false);
}

/** Before a BLAS is loaded; PyTorch's children inherit it. */
export function holdAtAvx2(): void {
  Object.assign(process.env, AVX2);
}
