import { createHash } from "node:crypto";
import { contentHash } from "../core";

/** Entry of the metadata that names the content of the whole file. */
const HASH = "blockwise.sha256";
/** What older versions called it; in files of others it means what they like. */
const OLD_HASH = "sha256";
const OUR_FORMAT = /^blockwise-/;

type Header = Readonly<Record<string, unknown>> & { readonly __metadata__?: Readonly<Record<string, string>> };

/** SHA-256 of a header as JSON keeps it, without the entry that has this hash, and of all data after it. */
function tensorsHash(key: string, { __metadata__ = {}, ...entries }: Header, data: Uint8Array): string {
  const { [key]: _, ...metadata } = __metadata__;
  const named = contentHash({ ...entries, __metadata__: metadata });
  return createHash("sha256").update(named).update(data).digest("hex");
}

/** Metadata with the hash of the file that it is for. */
export function withTensorsHash(header: Header, data: Uint8Array): Record<string, string> {
  return { ...header.__metadata__, [HASH]: tensorsHash(HASH, header, data) };
}

/**
 * Takes the hash out of a header's metadata and compares it with the file.
 * @returns `mismatch` says what must have been and is not; files without a hash are not verified.
 */
export function checkTensorsHash(
  header: Header,
  data: Uint8Array,
): { metadata: Record<string, string>; verified: boolean; mismatch?: string } {
  const given = header.__metadata__ ?? {};
  const key = !(HASH in given) && OUR_FORMAT.test(given.format ?? "") ? OLD_HASH : HASH;
  const { [key]: expected, ...metadata } = given;
  if (expected === undefined) return { metadata, verified: false };
  const got = tensorsHash(key, header, data);
  if (expected === got) return { metadata, verified: true };
  const mismatch = `header and data must have SHA-256 ${expected.slice(0, 16)}..., got ${got.slice(0, 16)}...: the file is damaged`;
  return { metadata, verified: false, mismatch };
}
