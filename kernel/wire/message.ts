import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

/** Header of a Jupyter message (protocol 5.5). */
export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
  /** Of a client that speaks to a subshell. */
  subshell_id?: string | null;
}

/** A message as it arrived: `identities` are the routing frames a reply must carry back. */
export interface Message {
  identities: Buffer[];
  header: Header;
  parent: Partial<Header>;
  metadata: Record<string, unknown>;
  content: Record<string, unknown>;
  buffers: Buffer[];
}

/** A message to send; `content` is JSON text already, so that it is serialised once and where errors can be shown. */
export interface Outgoing {
  identities: (Buffer | string)[];
  header: Header;
  parent: Partial<Header>;
  /** JSON text too; without it an empty object. */
  metadata?: string;
  content: string;
  buffers?: readonly Uint8Array[];
}

const DELIMITER = Buffer.from("<IDS|MSG>");
export const PROTOCOL_VERSION = "5.5";

export function newHeader(type: string, session: string): Header {
  return {
    msg_id: randomUUID(),
    msg_type: type,
    session,
    username: "kernel",
    date: new Date().toISOString(),
    version: PROTOCOL_VERSION,
  };
}

/** Signs and checks messages with the key of the connection file; an empty key means no signature. */
export class Signer {
  private readonly algorithm: string;

  constructor(
    scheme: string,
    private readonly key: string,
  ) {
    this.algorithm = scheme.replace(/^hmac-/, "");
  }

  sign(parts: readonly (Buffer | string)[]): string {
    if (this.key === "") return "";
    const hmac = createHmac(this.algorithm, this.key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex");
  }

  verify(signature: Buffer, parts: readonly Buffer[]): boolean {
    const expected = Buffer.from(this.sign(parts));
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  }
}

/** `JSON.stringify` escapes half characters, and them alone, in this way; the even number of backslashes before is text. */
const HALF = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/**
 * JSON text with the replacement character for halves of surrogate pairs: no UTF-8 can hold them, and a front end that
 * takes them in cannot save its notebook.
 */
export function wellFormed(json: string): string {
  return json.includes("\\ud") ? json.replace(HALF, "$1\ufffd") : json;
}

export function encode(message: Outgoing, signer: Signer): (Buffer | string)[] {
  const { header, parent, metadata = "{}", content } = message;
  const parts = [JSON.stringify(header), JSON.stringify(parent), metadata, content].map(wellFormed);
  const buffers = (message.buffers ?? []).map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return [...message.identities, DELIMITER, signer.sign(parts), ...parts, ...buffers];
}

/** @throws Error when the delimiter is missing, the signature is wrong, a part is no JSON or not what the protocol says. */
export function decode(frames: readonly Buffer[], signer: Signer): Message {
  const delimiter = frames.findIndex((frame) => frame.equals(DELIMITER));
  if (delimiter < 0 || frames.length < delimiter + 6) {
    throw new Error(
      `wire: a message needs the delimiter <IDS|MSG> and five frames after it, got ${frames.length} frames`,
    );
  }
  // The buffers behind these four are not signed.
  const parts = frames.slice(delimiter + 2, delimiter + 6);
  if (!signer.verify(frames[delimiter + 1]!, parts)) {
    throw new Error("wire: wrong signature; the message was dropped");
  }
  const [header, parent, metadata, content] = parts.map((part) => JSON.parse(part.toString("utf8")));
  if (typeof header?.msg_id !== "string" || typeof header.msg_type !== "string") {
    throw new Error("wire: the header of a message needs msg_id and msg_type; the message was dropped");
  }
  return {
    identities: frames.slice(0, delimiter),
    header,
    parent: asObject(parent),
    metadata: asObject(metadata),
    content: asObject(content),
    buffers: frames.slice(delimiter + 6),
  };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
