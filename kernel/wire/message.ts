import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

/** Header of a Jupyter message (protocol 5.3). */
export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
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
  content: string;
}

const DELIMITER = Buffer.from("<IDS|MSG>");
export const PROTOCOL_VERSION = "5.3";

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

export function encode(message: Outgoing, signer: Signer): (Buffer | string)[] {
  const parts = [JSON.stringify(message.header), JSON.stringify(message.parent), "{}", message.content];
  return [...message.identities, DELIMITER, signer.sign(parts), ...parts];
}

/** @throws Error when the delimiter is missing, the signature is wrong, or a part is no JSON. */
export function decode(frames: readonly Buffer[], signer: Signer): Message {
  const delimiter = frames.findIndex((frame) => frame.equals(DELIMITER));
  if (delimiter < 0 || frames.length < delimiter + 6) {
    throw new Error(
      `wire: a message needs the delimiter <IDS|MSG> and five frames after it, got ${frames.length} frames`,
    );
  }
  const parts = frames.slice(delimiter + 2);
  if (!signer.verify(frames[delimiter + 1]!, parts)) {
    throw new Error("wire: wrong signature; the message was dropped");
  }
  const [header, parent, metadata, content] = parts.slice(0, 4).map((part) => JSON.parse(part.toString("utf8")));
  return {
    identities: frames.slice(0, delimiter),
    header,
    parent,
    metadata,
    content,
    buffers: parts.slice(4),
  };
}
