/** Names the folder of the compiled kernel that the tests of a run share: see `kernel-bundle.ts`. */
export const KERNEL_BUNDLE = "BLOCKWISE_TEST_KERNEL";

/** @throws Error where the tests' global set-up did not run. */
export function kernelBundle(): string {
  const folder = process.env[KERNEL_BUNDLE];
  if (folder === undefined) throw new Error(`tests of the kernel: ${KERNEL_BUNDLE} must be set; run them by vitest`);
  return folder;
}
