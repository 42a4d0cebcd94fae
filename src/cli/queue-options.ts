import type { Command } from "commander";
import { ConfigError } from "../core";
import type { ObjectStore, RedisPlace } from "../queue";

/** Where a queue is, on the command line. */
export interface QueuePlaceOptions {
  readonly store?: string;
  readonly ca?: string;
}

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
  const { openStore, queueKind, redisPlace, tryStore } = await import("../queue/index.js");
  const { needNative, roundingClass } = await import("../engine/index.js");
  needNative(`${option}: tasks of a queue`, "unset BLOCKWISE_ENGINE");
  const objects = openStore(store);
  await tryStore(objects);
  return {
    redis: redisPlace(url, ca),
    store: objects,
    kind: queueKind(roundingClass()),
  };
}
