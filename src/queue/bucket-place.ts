import type { S3Client } from "@aws-sdk/client-s3";
import { ConfigError, loadPackage } from "../core";

/** Where a bucket is. Keys and region come from where the SDK looks for them: environment, files of its own, roles of machines. */
export interface BucketPlace {
  readonly bucket: string;
  /** Begins the names of all objects; empty, or ends with a slash. */
  readonly prefix: string;
  /** Of a service other than Amazon's, e.g. `http://127.0.0.1:9000`; `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` unless given. */
  readonly endpoint?: string;
}

const ADDRESS = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w!.*'()/-]*))?$/;

/** @throws ConfigError for what is no `s3://bucket/prefix`; without its text, which may have a key in it. */
export function bucketPlace(address: string): BucketPlace {
  const [, bucket, path = ""] = ADDRESS.exec(address) ?? [];
  const parts = path.replace(/\/$/, "").split("/");
  const none = parts.length === 1 && parts[0] === "";
  if (bucket === undefined || (!none && parts.some((part) => part === "" || part === "." || part === ".."))) {
    throw new ConfigError(
      "store: a bucket must be given as s3://bucket or s3://bucket/prefix, with keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY and another endpoint in AWS_ENDPOINT_URL_S3; what was given is another address",
    );
  }
  return { bucket, prefix: none ? "" : `${parts.join("/")}/` };
}

/** For messages. */
export function bucketName({ bucket, prefix }: BucketPlace): string {
  return `s3://${bucket}/${prefix}`.replace(/\/$/, "");
}

/** @throws ConfigError when the SDK is not installed. */
export function bucketClient({ endpoint: given }: BucketPlace): {
  client: S3Client;
  sdk: typeof import("@aws-sdk/client-s3");
} {
  const sdk = loadPackage<typeof import("@aws-sdk/client-s3")>("@aws-sdk/client-s3");
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const endpoint = given ?? AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL;
  const client = new sdk.S3Client({
    // Services of others have buckets by path, and no regions of their own.
    ...(endpoint !== undefined && {
      endpoint,
      forcePathStyle: true,
      region: AWS_REGION ?? AWS_DEFAULT_REGION ?? "us-east-1",
    }),
    // Objects are checked against their names; not every service knows the SDK's own sums.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 4,
  });
  return { client, sdk };
}
