import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tinyExperiment } from "../systems/tiny-experiment";
import { BucketServer } from "./bucket-server";
import { hasRedis, RedisServer } from "./redis-server";

const root = join(__dirname, "../..");
const PASSWORD = "geheim";
/** Of the bucket; the secret one is nowhere in what is said and written. */
const KEYS = BucketServer.keys;

/** A command of the compiled library. */
class Command {
  output = "";
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(
    args: readonly string[],
    surroundings: Readonly<Record<string, string>>,
    private readonly onText: (text: string, command: Command) => void = () => {},
  ) {
    const env = { ...process.env, BLOCKWISE_REDIS_PASSWORD: PASSWORD, ...KEYS, ...surroundings };
    this.child = spawn(process.execPath, [join(root, "dist/src/cli/main.js"), ...args], { cwd: root, env });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on("data", (text: Buffer) => {
        this.output += text;
        this.onText(`${text}`, this);
      });
    }
    this.ended = new Promise((resolve) => this.child.once("close", resolve));
  }
}

/** What a run ends with: ratings, front and the networks found, without when and by whom they were made. */
function results(folder: string): Record<string, string> {
  const files = [...readdirSync(join(folder, "ratings")).map((file) => `ratings/${file}`), "front.json"];
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}

describe.skipIf(!hasRedis)("blockwise run --queue", () => {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-queue-run-"));
  const [runs, cache, experiment] = ["runs", "cache", "tiny.json"].map((name) => join(folder, name));
  const store = `s3://${BucketServer.bucket}/tiny`;
  let bucket: BucketServer;
  const surroundings = () => ({ AWS_ENDPOINT_URL_S3: bucket.endpoint, BLOCKWISE_CACHE: cache });
  let redis: RedisServer;
  const workers: Command[] = [];

  beforeAll(async () => {
    writeFileSync(experiment, JSON.stringify(tinyExperiment));
    redis = await RedisServer.start(["--requirepass", PASSWORD]);
    bucket = await BucketServer.start();
  });

  afterAll(async () => {
    for (const { child } of workers) child.kill("SIGKILL");
    await redis?.stop();
    await bucket?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const worker = (onText?: (text: string, command: Command) => void) => {
    const args = ["worker", "--redis", redis.url, "--store", store, "--tasks", "1", "--lock", "3", "--drain", "5"];
    workers.push(new Command(args, surroundings(), onText));
  };

  it("ends with the bytes of a run by itself, where two of four workers are killed and Redis once", async () => {
    const alone = new Command(["run", experiment, "--runs-dir", runs, "--name", "alone"], surroundings());
    expect(await alone.ended, alone.output).toBe(0);
    const killed: string[] = [];
    let restarted: Promise<void> | undefined;
    const dieAtWork = (text: string, { child }: Command) => {
      const begun = /(\w+) [0-9a-f-]{36}-\d+: begins/.exec(text);
      if (!begun || killed.length === 2) return;
      killed.push(begun[1]);
      child.kill("SIGKILL");
    };
    const restartRedis = (text: string) => {
      if (restarted || !/: done/.test(text)) return;
      restarted = redis.kill().then(() => redis.begin());
    };
    worker(dieAtWork);
    worker(dieAtWork);
    worker(restartRedis);
    worker(restartRedis);
    const args = ["run", experiment, "--runs-dir", runs, "--name", "queue", "--queue", redis.url, "--store", store];
    const queued = new Command(args, surroundings());
    const said = () => `${queued.output}\n${workers.map(({ output }) => output).join("\n")}`;
    expect(await queued.ended, said()).toBe(0);
    await restarted;
    expect(killed, said()).toHaveLength(2);
    expect(restarted, said()).toBeDefined();
    expect(results(join(runs, "queue"))).toEqual(results(join(runs, "alone")));
    for (const kind of ["distill", "rate", "retrain"]) expect(said()).toMatch(new RegExp(`${kind} .*: done`));
    const secrets = [PASSWORD, KEYS.AWS_SECRET_ACCESS_KEY];
    for (const secret of secrets) expect(said()).not.toContain(secret);
    // Run directories, what came from the bucket, the bucket itself, what Redis kept.
    const written = [folder, bucket.folder, redis.folder].flatMap((place) =>
      readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()),
    );
    expect(written.length).toBeGreaterThan(20);
    for (const { parentPath, name } of written) {
      const bytes = readFileSync(join(parentPath, name));
      for (const secret of secrets) expect(bytes.includes(secret), join(parentPath, name)).toBe(false);
    }
    const [last] = workers.slice(-1);
    last.child.kill("SIGTERM");
    expect(await last.ended).toBe(0);
  });
});
