import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../src/core";
import { drawnKill, type Ended, KILL_SEED, KILLS, killableCommand, resultsIn } from "../systems/killed-again";
import { tinyExperiment } from "../systems/tiny-experiment";
import { hasRedis, RedisServer } from "./redis-server";

/** How many operations of files a worker and the run itself may get to before they are killed. */
const OPERATIONS = { worker: 60, run: 300 };
const WORKERS = 2;

describe.skipIf(!hasRedis)("blockwise run --queue, its workers and itself killed at random points", () => {
  const folder = mkdtempSync(join(tmpdir(), "queue-kills-"));
  const [runs, store, experiment] = ["runs", "store", "tiny.json"].map((name) => join(folder, name));
  const rng = new Rng(KILL_SEED);
  /** The steps and tasks at which something was killed. */
  const killed = { worker: [] as string[], run: 0 };
  const kills = () => killed.worker.length + killed.run;
  const working = new Set<ReturnType<typeof killableCommand>["child"]>();
  let redis: RedisServer;
  let over = false;

  beforeAll(async () => {
    writeFileSync(experiment, JSON.stringify(tinyExperiment));
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    over = true;
    for (const child of working) child.kill("SIGKILL");
    await redis?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A machine whose worker is started again whenever it is killed. */
  async function machine(): Promise<void> {
    while (!over) {
      const args = ["worker", "--redis", redis.url, "--store", store, "--tasks", "1", "--lock", "5"];
      const { child, ended } = killableCommand(args, kills() < KILLS ? drawnKill(rng, OPERATIONS.worker) : {});
      working.add(child);
      const { signal, output } = await ended;
      working.delete(child);
      if (over) return;
      expect(signal, output).toBe("SIGKILL");
      // The task that it was at.
      killed.worker.push(/(\w+) [0-9a-f-]{36}-\d+: begins[^:]*$/.exec(output.trim())?.[1] ?? "no task");
    }
  }

  const run = (name: string, more: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
    killableCommand(["run", experiment, "--runs-dir", runs, "--name", name, ...more], env).ended;
  const results = (name: string) => resultsIn(join(runs, name), /\/(ratings|found)\/|\/front\.json$/);

  it(`resumed by the same command it ends with the bytes of a run by itself: ${KILLS} kills`, async () => {
    const alone = await run("alone");
    expect(alone.code, alone.output).toBe(0);
    const machines = Array.from({ length: WORKERS }, machine);
    const queue = ["--queue", redis.url, "--store", store];
    for (let i = 0; i === 0 || kills() < KILLS; i++) {
      let ended: Ended;
      do {
        const may = kills() < KILLS && rng.uniform() < 0.5;
        ended = await run(`queued${i}`, queue, may ? drawnKill(rng, OPERATIONS.run) : {});
        if (ended.signal === "SIGKILL") killed.run++;
      } while (ended.signal === "SIGKILL");
      expect(ended.code, ended.output).toBe(0);
      expect(results(`queued${i}`)).toEqual(results("alone"));
    }
    over = true;
    for (const child of working) child.kill("SIGKILL");
    await Promise.all(machines);
    console.log(
      `killed: the run ${killed.run} times, workers ${killed.worker.length} times, at ${killed.worker.join(", ")}`,
    );
    expect(kills()).toBeGreaterThanOrEqual(KILLS);
  });
});
