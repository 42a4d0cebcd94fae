/** One tensor of a safetensors file: its type, its sizes, and where its bytes lie after the header. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** Bytes of one value of each type that the format has. */
const BYTES = {
  ...{ F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, F8_E5M2: 1, F8_E8M0: 1 },
  ...{ I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1, C64: 8 },
} as const;

export type DType = keyof typeof BYTES;

/** Longest header that the format allows. */
const MAX_HEADER_BYTES = 100_000_000;

export interface SafetensorsHeader {
  /** As the JSON had it. */
  readonly json: Readonly<Record<string, unknown>>;
  /** In the order of their bytes. */
  readonly entries: readonly TensorEntry[];
  /** Where the tensors' bytes begin in the file. */
  readonly start: number;
}

/** What the format forbids, in words. */
export class MalformedHeader extends Error {}

/**
 * Reads the header of a safetensors file strictly by the format: one JSON object in UTF-8 without a name twice, whole sizes
 * from 0, and tensors that cover all bytes after it, without a gap, an overlap or a rest.
 * @throws MalformedHeader saying which tensor is wrong and how.
 */
export function parseHeader(bytes: Buffer): SafetensorsHeader {
  if (bytes.length < 8) throw new MalformedHeader(`must begin with an 8-byte header length, got ${bytes.length} bytes`);
  const length = bytes.readBigUInt64LE(0);
  if (length > MAX_HEADER_BYTES) {
    throw new MalformedHeader(`its header must have at most ${MAX_HEADER_BYTES} bytes, and names ${length}`);
  }
  const start = 8 + Number(length);
  if (start > bytes.length) {
    throw new MalformedHeader(`header of ${length} bytes does not fit into a file of ${bytes.length} bytes`);
  }
  const json = parseObject(bytes.subarray(8, start));
  checkMetadata(json.__metadata__);
  const entries = Object.entries(json)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => parseEntry(name, entry))
    .sort((a, b) => a.from - b.from || a.to - b.to);
  checkCover(entries, bytes.length - start);
  checkNumbers(bytes.toString("utf8", 8, start));
  return { json, entries, start };
}

function parseObject(header: Buffer): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    throw new MalformedHeader("header must be UTF-8");
  }
  if (!text.startsWith("{")) throw new MalformedHeader("header must be a JSON object and begin with {");
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new MalformedHeader(`header must be JSON (${(cause as Error).message})`, { cause });
  }
  const twice = repeatedName(text);
  if (twice !== undefined) throw new MalformedHeader(`header must have each name once, and has ${twice} twice`);
  return json;
}

/** A name that an object of valid JSON has twice: of these, `JSON.parse` keeps the last without a word. */
function repeatedName(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, name] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (name !== undefined) {
      const key = JSON.parse(name) as string;
      const names = open.at(-1)!;
      if (names.has(key)) return name;
      names.add(key);
    }
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkMetadata(metadata: unknown): void {
  if (metadata === undefined) return;
  if (!isObject(metadata)) throw new MalformedHeader("__metadata__ must be an object of texts");
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === "string") continue;
    throw new MalformedHeader(`__metadata__ must have texts only, and "${name}" is ${JSON.stringify(value)}`);
  }
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseEntry(name: string, entry: unknown): TensorEntry {
  const fail = (what: string) => new MalformedHeader(`tensor "${name}" ${what}`);
  if (!isObject(entry)) {
    throw fail(`must be an object of dtype, shape and data_offsets, got ${JSON.stringify(entry)?.slice(0, 60)}`);
  }
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) {
    throw fail(`must be of a data type of the format (${Object.keys(BYTES).join(", ")}), got ${JSON.stringify(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw fail(`must have a shape of whole numbers from 0, got ${JSON.stringify(shape)}`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize) || offsets[0] > offsets[1]) {
    throw fail(`must have data_offsets [begin, end] in whole numbers from 0, got ${JSON.stringify(offsets)}`);
  }
  const size = shape.reduce((product, n) => product * n, 1) * BYTES[dtype as DType];
  const [from, to] = offsets;
  if (to - from !== size) {
    throw fail(
      `of shape [${shape}] and type ${dtype} needs ${size} bytes, its data_offsets [${offsets}] give ${to - from}`,
    );
  }
  return { name, dtype: dtype as DType, shape, from, to };
}

/** `8.0`, `8e0` and `-0` are whole numbers to JavaScript, but not to the format. */
function checkNumbers(text: string): void {
  const [odd] = /-\d[\d.eE+-]*|\d+[.eE][\d.eE+-]*/.exec(text.replace(/"(?:[^"\\]|\\.)*"/g, '""')) ?? [];
  if (odd !== undefined) throw new MalformedHeader(`header must have numbers in digits only, got ${odd}`);
}

/** The tensors must lie one behind the other, from the first byte after the header to the last of the file. */
function checkCover(entries: readonly TensorEntry[], length: number): void {
  let end = 0;
  for (const { name, from, to } of entries) {
    if (to > length) {
      throw new MalformedHeader(
        `tensor "${name}" ends at byte ${to} of ${length} after the header: the file is truncated`,
      );
    }
    if (from !== end) {
      const how = from < end ? "overlaps the one before" : "leaves a gap behind the one before";
      throw new MalformedHeader(
        `tensor "${name}" must begin at byte ${end} after the header, begins at ${from} and ${how}`,
      );
    }
    end = to;
  }
  if (end !== length)
    throw new MalformedHeader(`its tensors end at byte ${end} after the header, and ${length - end} more follow`);
}
