/** Largest finite IEEE 754 half-precision number. */
const LARGEST = 65504;

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);
let decoded: Float32Array | undefined;

/** Half-precision bits of single-precision values, rounded to nearest even; values beyond +-65504 become +-65504, NaN stays. */
export function encodeFloat16(values: Float32Array, into = new Uint16Array(values.length)): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i];
    const sign = (x >>> 16) & 0x8000;
    const magnitude = x & 0x7fffffff;
    if (magnitude >= 0x477fe000) into[i] = sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7bff);
    else if (magnitude >= 0x38800000)
      into[i] = sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    else into[i] = sign | subnormal(magnitude);
  }
  return into;
}

/** Below 2^-14 a half has a fixed spacing of 2^-24: adding 0.5 makes the float unit round to it. */
function subnormal(magnitude: number): number {
  scratchBits[0] = magnitude;
  scratch[0] += 0.5;
  return scratchBits[0] - 0x3f000000;
}

/** Single-precision values of half-precision bits. */
export function decodeFloat16(halves: Uint16Array, into = new Float32Array(halves.length)): Float32Array {
  decoded ??= decodingTable();
  for (let i = 0; i < halves.length; i++) into[i] = decoded[halves[i]];
  return into;
}

function decodingTable(): Float32Array {
  return Float32Array.from({ length: 65536 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    if (exponent === 0) return sign * mantissa * 2 ** -24;
    if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
  });
}

export { LARGEST as LARGEST_FLOAT16 };
