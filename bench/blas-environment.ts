/**
 * These hold OpenBLAS at the kernels of an older processor, against faults of its older versions; where they are set, both
 * sides would be measured below what the machine can do. Imported before anything loads a BLAS; PyTorch's children inherit it.
 */
for (const name of ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]) {
  const value = process.env[name];
  if (value === undefined) continue;
  process.stderr.write(`bench: ${name}=${value} is left out here, for both sides\n`);
  delete process.env[name];
}
