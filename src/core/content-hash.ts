import { createHash } from "node:crypto";

/** SHA-256 of bytes or of UTF-8 text: 64 hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * SHA-256 of what JSON keeps of a value, whatever the order of keys and the white space: a file that was only formatted
 * anew keeps its hash.
 */
export function contentHash(value: unknown): string {
  return sha256(JSON.stringify(sorted(JSON.parse(JSON.stringify(value)))));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, sorted(inner)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
