import type { Command } from "commander";
import { ConfigError } from "../core";
import type { ObjectStore, RedisPlace } from "../queue";

/** Where a queue is, on the command line. */
export interface QueuePlaceOptions {
  readonly store?: string;
  readonly ca?: string;
}

/** The variable that has the password where the address has none: a command line is seen by others. */
const PASSWORD = "BLOCKWISE_REDIS_PASSWORD";

/** Adds the options that say where large values are, and how Redis proves who it is. */
export function withQueuePlace(command: Command): Command {
  return command
    .option(
      "--store <place>",
      "where large values are kept by their content; the same for all machines: a folder, or s3://bucket/prefix",
    )
    .option("--ca <file>", "certificates (PEM) that the server's own must be signed by, with rediss://");
}

/** @throws ConfigError when the store is not said. */
export async function queuePlace(
  url: string,
  option: string,
  { store, ca }: QueuePlaceOptions,
): Promise<{ redis: RedisPlace; store: ObjectStore; kind: string }> {
  if (store === undefined) {
    throw new ConfigError(
      `${option}: a queue needs --store, a folder that all machines see or a bucket, e.g. --store /mnt/blockwise or --store s3://bucket/prefix`,
    );
  }
  const password = process.env[PASSWORD];
  const { openStore, queueKind, tryStore } = await import("../queue/index.js");
  const { engine, roundingClass } = await import("../engine/index.js");
  if (engine.info().backend !== "native") {
    throw new ConfigError(
      `${option}: tasks of a queue need the native engine, and it is ${engine.info().backend} here; run npm run setup, or unset BLOCKWISE_ENGINE`,
    );
  }
  const objects = openStore(store);
  await tryStore(objects);
  return {
    redis: { url, ...(ca !== undefined && { ca }), ...(password !== undefined && password !== "" && { password }) },
    store: objects,
    kind: queueKind(roundingClass()),
  };
}
