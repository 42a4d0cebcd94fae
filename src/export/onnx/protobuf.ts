/** Protocol buffers' wire format, as much of it as an ONNX file needs: https://protobuf.dev/programming-guides/encoding */
type Field = Uint8Array;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

function varint(value: number | bigint): number[] {
  // Negative numbers are 64 bits long there.
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

function key(field: number, type: number): number[] {
  return varint(field * 8 + type);
}

/** A whole number, an enumeration's value. */
export function integer(field: number, value: number): Field {
  return Uint8Array.from([...key(field, VARINT), ...varint(value)]);
}

export function float(field: number, value: number): Field {
  const bytes = new Uint8Array(new Float32Array([value]).buffer);
  return Uint8Array.from([...key(field, FIXED32), ...bytes]);
}

export function text(field: number, value: string): Field {
  return bytes(field, new TextEncoder().encode(value));
}

/** A message within another, or its bytes. */
export function bytes(field: number, value: Uint8Array): Field {
  return Buffer.concat([Uint8Array.from([...key(field, LENGTH_DELIMITED), ...varint(value.length)]), value]);
}

/** A message of fields, in their order. */
export function message(...fields: readonly (Field | readonly Field[])[]): Uint8Array {
  return Buffer.concat(fields.flat() as Field[]);
}
