import { ConfigError } from "../core";
import { bucketPlace } from "./bucket-place";
import { bucketStore } from "./bucket-store";
import { directoryStore } from "./directory-store";
import type { Content, ObjectStore } from "./object-store";

/**
 * The store that an address names: a folder, or `s3://bucket/prefix`.
 * @throws ConfigError for another scheme, or where the SDK of buckets is not installed.
 */
export function openStore(address: string): ObjectStore {
  if (/^s3:/i.test(address)) return bucketStore(bucketPlace(address));
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
    throw new ConfigError(
      "store: must be a folder or s3://bucket/prefix; what was given is an address of another scheme, which may have keys in it and is not repeated",
    );
  }
  return directoryStore(address);
}

const NOTHING: Content = { size: 0, pieces: () => [] };

/** Writes the empty object and reads it: what a store lacks is told before any work is done. @throws as `put` and `file`. */
export async function tryStore(store: ObjectStore): Promise<void> {
  await store.file(await store.put(NOTHING));
}
