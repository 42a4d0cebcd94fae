/** Steps between two cosines that are stored as different ones: 1 / this. */
const STEPS = 30_000;

/** Cosines as they are stored: 16-bit whole numbers of 1/30,000, little-endian, base64. */
export function packedCosines(cosines: ArrayLike<number>): string {
  const bytes = Buffer.alloc(2 * cosines.length);
  for (let i = 0; i < cosines.length; i++) bytes.writeInt16LE(Math.round(STEPS * cosines[i]), 2 * i);
  return bytes.toString("base64");
}

/** The cosines that {@link packedCosines} packed, to 1/60,000. */
export function unpackedCosines(text: string): Float64Array {
  const bytes = Buffer.from(text, "base64");
  return Float64Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i) / STEPS);
}
