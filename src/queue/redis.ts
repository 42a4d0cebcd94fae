import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { ConfigError, systemCode } from "../core";

/** A Redis, and how it is reached. */
export interface RedisPlace {
  /**
   * `redis://[user:password@]host[:port][/database]`, or `rediss://...` with TLS. A password in the address is seen by whoever lists the
   * machine's processes where it comes from a command line: an environment variable is not.
   */
  readonly url: string;
  /** File of the certificates that the server's own must be signed by (PEM); the system's unless given. */
  readonly ca?: string;
  readonly password?: string;
}

/** The variable that has the password where the address has none: a command line is seen by others. */
const PASSWORD = "BLOCKWISE_REDIS_PASSWORD";

/** A Redis by its address, with the password of the environment. @param ca File of the certificates that its own must be signed by. */
export function redisPlace(url: string, ca?: string): RedisPlace {
  const password = process.env[PASSWORD];
  return { url, ...(ca !== undefined && { ca }), ...(password && { password }) };
}

/** How long the first answer may take. */
const PATIENCE_MS = 10_000;

/**
 * What a client needs to know. BullMQ and its blocking calls wait for a server that is away.
 * @throws ConfigError for an address that is none; the message has no password.
 */
export function redisOptions({ url, ca, password }: RedisPlace) {
  const address = parsed(url);
  const tls = address.protocol === "rediss:";
  const database = address.pathname.replace(/^\//, "");
  if (database !== "" && !/^\d{1,4}$/.test(database)) {
    throw new ConfigError(
      `queue: the database in ${redisName(url)} must be a number such as /0, got ${JSON.stringify(database)}`,
    );
  }
  if (ca !== undefined && !tls) {
    throw new ConfigError(
      `queue: a CA is of use with TLS only; take rediss:// in place of redis:// (${redisName(url)})`,
    );
  }
  const secret = password ?? decoded(address.password);
  return {
    host: address.hostname.replace(/^\[|\]$/g, ""),
    port: address.port === "" ? 6379 : Number(address.port),
    db: database === "" ? 0 : Number(database),
    ...(address.username !== "" && { username: decoded(address.username) }),
    ...(secret !== "" && { password: secret }),
    ...(tls && { tls: ca === undefined ? {} : { ca: certificates(ca) } }),
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => Math.min(200 * times, 2000),
  };
}

/** @throws ConfigError without the text, which is a secret. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ConfigError(
      "queue: user and password in the address of Redis must have special characters as %XX, a percent sign as %25; or give the password by BLOCKWISE_REDIS_PASSWORD",
    );
  }
}

/** The address without user and password, for messages and files. */
export function redisName(url: string): string {
  const { protocol, host, pathname } = parsed(url);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

function parsed(url: string): URL {
  let address: URL | undefined;
  try {
    address = new URL(url);
  } catch {
    // Told below, without the text: it may hold a password.
  }
  if (address && (address.protocol === "redis:" || address.protocol === "rediss:") && address.hostname !== "")
    return address;
  throw new ConfigError(
    "queue: Redis must be given as redis://host:port, or rediss://host:port with TLS, and what was given is neither",
  );
}

function certificates(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(
      `queue: the CA ${path} must be a file of certificates (PEM), and cannot be read (${systemCode(error)})`,
      {
        path,
      },
    );
  }
}

/**
 * A connection that has answered once; afterwards it waits for a server that went away, and comes back by itself.
 * @throws ConfigError when nobody answers, or not to this user, at the start.
 */
export async function connectRedis(place: RedisPlace): Promise<Redis> {
  const options = redisOptions(place);
  const { Redis: Client } = require("ioredis") as typeof import("ioredis");
  const client = new Client({ ...options, lazyConnect: true });
  let last: unknown;
  // Without a listener each lost connection would be printed.
  client.on("error", (error) => {
    last = error;
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(last ?? new Error(`no answer within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  });
  try {
    const answered = client.connect().then(() => client.ping());
    answered.catch(() => {});
    await Promise.race([answered, late]);
    return client;
  } catch (error) {
    client.disconnect();
    throw new ConfigError(
      `queue: ${redisName(place.url)} must be a Redis that answers, and does not: ${reasonOf(last ?? error)}; start redis-server there, or mend the address, the password or the CA`,
      { redis: redisName(place.url) },
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  const code = systemCode(error);
  const { message } = error as Error;
  return code !== undefined && !message.includes(code) ? `${message} (${code})` : message;
}
