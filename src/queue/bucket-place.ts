import { ConfigError } from "../core";

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
