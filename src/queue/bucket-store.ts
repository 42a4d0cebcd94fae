import { createWriteStream, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import {
  CheckpointError,
  cacheFolder,
  loadPackage,
  makeFolder,
  StudyError,
  systemCode,
  temporaryName,
  writeFailure,
} from "../core";
import { bucketClient } from "./bucket-client";
import { type BucketPlace, bucketName } from "./bucket-place";
import { directoryStore } from "./directory-store";
import { type Content, checkName, missing, nameOf, type ObjectStore, objectPath } from "./object-store";

/** Bytes of a part at least: what is larger goes in parts, each of which is tried again by itself. */
const PART = 16 * 2 ** 20;
/** S3 takes no more parts of an object. */
const MOST_PARTS = 10_000;

/**
 * Objects in a bucket of S3 or what speaks its protocol, under the same paths as in a folder's store. What is read is kept in a folder of
 * this machine and checked there. Needs `@aws-sdk/client-s3` and `@aws-sdk/lib-storage`, which are not installed with Blockwise.
 * @param cache Folder on this machine for what was read.
 * @throws ConfigError when the SDK is not installed.
 */
export function bucketStore(place: BucketPlace, cache = join(cacheFolder(), "store")): ObjectStore {
  const name = bucketName(place);
  const { client, sdk } = bucketClient(place);
  const local = directoryStore(cache);
  const arriving = new Map<string, Promise<void>>();
  const at = (hash: string) => ({ Bucket: place.bucket, Key: `${place.prefix}${objectPath(hash)}` });

  const sizeOf = async (hash: string): Promise<number | undefined> => {
    try {
      return (await client.send(new sdk.HeadObjectCommand(at(hash)))).ContentLength;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw failure(name, error);
    }
  };

  const fetched = async (hash: string): Promise<void> => {
    const path = join(cache, objectPath(hash));
    const temporary = join(dirname(path), temporaryName(path));
    try {
      const { Body } = await client.send(new sdk.GetObjectCommand(at(hash)));
      if (!(Body instanceof Readable)) throw missing(hash, name);
      makeFolder(dirname(path));
      await pipeline(Body, createWriteStream(temporary, { flags: "wx", mode: 0o600 }));
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      if (isNoObject(error)) throw missing(hash, name);
      throw isOfDisk(error) ? writeFailure(path, error) : failure(name, error);
    }
  };

  return {
    name,
    async put(content) {
      const hash = await nameOf(content.pieces());
      if ((await sizeOf(hash)) !== content.size) await upload(client, at(hash), content, name);
      return hash;
    },
    async file(hash) {
      checkName(hash, name);
      const path = join(cache, objectPath(hash));
      if (statSync(path, { throwIfNoEntry: false })) {
        // What was damaged on this machine is whole in the bucket.
        const there = await local.file(hash).catch(() => undefined);
        if (there !== undefined) return there;
      }
      const fetching = arriving.get(hash) ?? fetched(hash).finally(() => arriving.delete(hash));
      arriving.set(hash, fetching);
      await fetching;
      return local.file(hash).catch(async () => {
        // Whoever stores it again finds it missing, and the bytes come anew.
        await client.send(new sdk.DeleteObjectCommand(at(hash))).catch(() => {});
        throw new StudyError(
          `store: the object ${hash} in ${name} was damaged and is removed; run the same command again, which stores it anew`,
          { store: name, object: hash },
        );
      });
    },
  };
}

async function upload(
  client: S3Client,
  at: { readonly Bucket: string; readonly Key: string },
  content: Content,
  name: string,
): Promise<void> {
  const { Upload } = loadPackage<typeof import("@aws-sdk/lib-storage")>("@aws-sdk/lib-storage");
  const partSize = Math.max(PART, Math.ceil(content.size / MOST_PARTS));
  try {
    // Pieces may be views of one buffer that is filled again.
    const pieces = function* () {
      for (const piece of content.pieces()) yield Buffer.from(piece);
    };
    const Body = content.size === 0 ? Buffer.alloc(0) : Readable.from(pieces(), { objectMode: false });
    await new Upload({ client, params: { ...at, Body }, partSize, queueSize: 2 }).done();
  } catch (error) {
    throw failure(name, error);
  }
}

interface ServiceError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** No such object; of a bucket that is not there, too: HEAD does not tell them apart, and writing then says which it is. */
function isMissing(error: unknown): boolean {
  return (error as ServiceError).$metadata?.httpStatusCode === 404;
}

/** This machine's, while an object arrives. */
function isOfDisk(error: unknown): boolean {
  const { syscall = "" } = error as NodeJS.ErrnoException;
  return (
    ["open", "mkdir", "rename"].includes(syscall) || ["ENOSPC", "EDQUOT", "EFBIG"].includes(systemCode(error) ?? "")
  );
}

function isNoObject(error: unknown): boolean {
  return isMissing(error) && (error as ServiceError).name !== "NoSuchBucket";
}

/** What the service or the way to it failed by, in words that have no key: the SDK's errors carry whole responses. */
function failure(name: string, error: unknown): unknown {
  if (error instanceof StudyError || error instanceof CheckpointError) return error;
  const { name: kind = "", code, message = "", $metadata } = error as ServiceError;
  const status = $metadata?.httpStatusCode;
  const met = [code ?? kind, message.split("\n")[0].slice(0, 200)].filter((word) => word !== "").join(": ");
  return new CheckpointError(
    `store: ${name} must take and give objects, and does not: ${met}; check the bucket, the endpoint (AWS_ENDPOINT_URL_S3), the region (AWS_REGION) and the keys (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) and their rights`,
    { store: name, ...(status !== undefined && { status }) },
  );
}
