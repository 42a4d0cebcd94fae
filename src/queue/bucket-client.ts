import type { S3Client } from "@aws-sdk/client-s3";
import { loadPackage } from "../core";
import type { BucketPlace } from "./bucket-place";

/**
 * In a file of its own: the package's types must hold where the SDK is not installed, and no declaration that they reach names it.
 * @throws ConfigError when the SDK is not installed.
 */
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
