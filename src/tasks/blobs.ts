import { z } from "zod";
import { fingerprint, StudyError } from "../core";

/** Stands in a task's input for what is too large for JSON: feature maps, weights, images. */
export const BLOB = z.strictObject({ blob: z.string() });

/** See {@link BLOB}. */
export type BlobRef = z.infer<typeof BLOB>;

/** Values that tasks' inputs refer to, by fingerprint. */
export interface Blobs {
  /** @throws StudyError when nobody gave it. */
  get<Value>(ref: BlobRef): Value;
}

/** Blobs of one process. Threads are sent a blob's plain data; memory that is shared is not copied. */
export class BlobStore implements Blobs {
  /** @param values By fingerprint: those that came with an input. */
  constructor(private readonly values: Map<string, unknown> = new Map()) {}

  /** @param of Plain data that decides the value, where hashing the value itself would take long. */
  put(value: unknown, of: unknown = value): BlobRef {
    const blob = fingerprint(of);
    this.values.set(blob, value);
    return { blob };
  }

  get<Value>({ blob }: BlobRef): Value {
    if (!this.values.has(blob)) {
      throw new StudyError(`tasks: the blob ${blob} must be given with the input that names it, and is not`, { blob });
    }
    return this.values.get(blob) as Value;
  }
}

/** The blobs that an input refers to. */
export function blobsOf(input: unknown, blobs: Blobs, found = new Map<string, unknown>()): Map<string, unknown> {
  if (typeof input !== "object" || input === null || ArrayBuffer.isView(input)) return found;
  const ref = BLOB.safeParse(input);
  if (ref.success) found.set(ref.data.blob, blobs.get(ref.data));
  else for (const part of Object.values(input)) blobsOf(part, blobs, found);
  return found;
}
