import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface S3Server {
  run(): Promise<{ readonly port: number }>;
  close(): Promise<void>;
}

interface Accounts {
  readonly DUMMY_ACCOUNT: { createKeyPair(key: string, secret: string): void };
}

/** A server of buckets on loopback, npm's s3rver, with one bucket. */
export class BucketServer {
  static readonly bucket = "blockwise";
  static readonly keys = { AWS_ACCESS_KEY_ID: "AKIATEST", AWS_SECRET_ACCESS_KEY: "sehr-geheimer-schluessel" };

  private constructor(
    private readonly server: S3Server,
    readonly folder: string,
    readonly endpoint: string,
  ) {}

  static async start(): Promise<BucketServer> {
    const folder = mkdtempSync(join(tmpdir(), "blockwise-s3-"));
    const Server = require("@20minutes/s3rver") as new (options: object) => S3Server;
    // Its own keys are its name, which is in all that it writes.
    const { DUMMY_ACCOUNT } = require("@20minutes/s3rver/lib/models/account") as Accounts;
    DUMMY_ACCOUNT.createKeyPair(BucketServer.keys.AWS_ACCESS_KEY_ID, BucketServer.keys.AWS_SECRET_ACCESS_KEY);
    const options = { address: "127.0.0.1", port: 0, silent: true, directory: folder };
    const server = new Server({ ...options, configureBuckets: [{ name: BucketServer.bucket }] });
    const { port } = await server.run();
    return new BucketServer(server, folder, `http://127.0.0.1:${port}`);
  }

  async stop(): Promise<void> {
    await this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
