import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WatchServer } from "../../src/cli/watch/watch-server";
import { RunWatcher } from "../../src/cli/watch/watched-run";
import { ConfigError, writeJson } from "../../src/core";
import { engine } from "../../src/engine";
import { ProgressFile, planSteps, RunDirectory } from "../../src/study";

const folder = mkdtempSync(join(tmpdir(), "watch-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Answer {
  readonly code: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** A request as a browser does not send it by itself: with headers of one's own. */
function ask(url: string, options: { host?: string; origin?: string; method?: string } = {}): Promise<Answer> {
  const { host, origin, method = "GET" } = options;
  const headers = { ...(host !== undefined && { host }), ...(origin !== undefined && { origin }) };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (answer) => {
      let body = "";
      answer.on("data", (part) => (body += part));
      answer.on("end", () => resolve({ code: answer.statusCode, headers: answer.headers, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

let number = 0;
let run: RunDirectory;
beforeAll(() => void engine.use("auto", { threads: 1 }));
beforeEach(() => {
  run = RunDirectory.open(join(folder, `run${number++}`), { seed: 1 });
  return () => run.close();
});

describe("the page of a run", () => {
  let server: WatchServer;
  let url: string;
  beforeEach(async () => {
    server = new WatchServer(run.path);
    url = await server.listen(0);
    return () => server.close();
  });

  test("answers whoever has the token, on 127.0.0.1 alone", async () => {
    const { hostname, port, searchParams } = new URL(url);
    expect(hostname).toBe("127.0.0.1");
    expect(searchParams.get("token")).toMatch(/^[\w-]{32}$/);
    expect((await ask(url)).code).toBe(200);
    const others = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    for (const { address } of others.filter(({ internal, family }) => !internal && family === "IPv4")) {
      await expect(ask(`http://${address}:${port}/${new URL(url).search}`)).rejects.toThrow(/ECONNREFUSED/);
    }
  });

  test.each(["/", "/watch.js", "/plotly.js", "/state", "/events", "/none"])(
    "without the token %s is 403",
    async (path) => {
      const { origin } = new URL(url);
      for (const query of [
        "",
        "?token=",
        "?token=x",
        `?token=${"A".repeat(32)}`,
        `?Token=${new URL(url).searchParams.get("token")}`,
      ]) {
        const { code, body } = await ask(`${origin}${path}${query}`);
        expect([code, body]).toEqual([403, "403: the address needs its token\n"]);
      }
    },
  );

  test("a name of others that points here, and a page of another site, are 403 even with the token", async () => {
    const { port } = new URL(url);
    for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1", `127.0.0.1:${Number(port) + 1}`]) {
      expect((await ask(url, { host })).code).toBe(403);
    }
    expect((await ask(url, { origin: "http://evil.example" })).code).toBe(403);
    expect((await ask(url, { host: `localhost:${port}` })).code).toBe(200);
  });

  test("is only read, takes scripts from itself alone, and is not kept or told of to others", async () => {
    expect((await ask(url, { method: "POST" })).code).toBe(405);
    const { headers, body } = await ask(url);
    expect(headers["content-security-policy"]).toMatch(/default-src 'none'; script-src 'self'/);
    expect(headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
    expect(body).not.toMatch(/<script>|https?:/);
    expect((await ask(url.replace("/?", "/none?"))).code).toBe(404);
  });

  test("a port that is taken is refused", async () => {
    const other = new WatchServer(run.path);
    await expect(other.listen(Number(new URL(url).port))).rejects.toThrow(ConfigError);
  });

  test("tells at once, and again whenever the run has moved", async () => {
    const file = new ProgressFile(run);
    const states: { steps: { isDone: boolean }[] }[] = [];
    await new Promise<void>((done, failed) => {
      const sent = request(url.replace("/?", "/events?"), (answer) => {
        expect(answer.headers["content-type"]).toBe("text/event-stream");
        let text = "";
        answer.on("data", async (part) => {
          text += part;
          const parts = text.split("\n\n");
          text = parts.pop()!;
          for (const each of parts) states.push(JSON.parse(each.slice("data: ".length)));
          if (states.length === 1) file.plan(planSteps([{ name: "teacher", family: "teacher", reads: {} }]));
          if (states.some(({ steps }) => steps.length > 0 && !steps[0].isDone)) await run.step("teacher", () => 1);
          if (states.some(({ steps }) => steps[0]?.isDone)) done(void sent.destroy());
        });
      });
      sent.on("error", failed);
      sent.end();
    });
    expect(states.at(-1)).toMatchObject({ steps: [{ name: "teacher", isDone: true }], state: { state: "running" } });
  });

  test("says so where the run's directory is gone, and looks on", async () => {
    rmSync(run.path, { recursive: true });
    const { code, body } = await ask(url.replace("/?", "/state?"));
    expect(code).toBe(200);
    expect(JSON.parse(body).gone).toMatch(/must be the directory of a run, and is not there/);
  });
});

describe("what the page shows", () => {
  test("networks as they are trained, by what each is; the measured ones once there are any", async () => {
    const watcher = new RunWatcher(run.path);
    const history = { accuracy: 0.7 };
    await run.step("teacher", () => ({ macs: 100, history: { accuracy: 0.9 } }));
    await run.step("improve/0a1b", () => ({ macs: 20, accuracy: 0.4 }));
    await run.step("retrain/found 1", () => ({ id: "c0.0", macs: 30, history }));
    await run.step("retrain/random 2, training 2", () => ({ id: "c0.1", macs: 31, history: { accuracy: 0.6 } }));
    // Of an older version, and of one that diverged.
    await run.step("retrain/found 2", () => ({ id: "c0.0", history }));
    await run.step("retrain/found 3", () => ({ id: "c0.0", macs: 3, history: { accuracy: null } }));
    expect(watcher.read()).toMatchObject({ accuracyOf: "validation", front: [] });
    expect(watcher.read().networks).toEqual([
      { label: "teacher", kind: "teacher", macs: 100, accuracy: 0.9 },
      { label: "brief training", kind: "brief", macs: 20, accuracy: 0.4 },
      { label: "found 1", kind: "found", macs: 30, accuracy: 0.7 },
      { label: "random 2, training 2", kind: "random", macs: 31, accuracy: 0.6 },
    ]);
    const measured = [{ label: "found 1", kind: "found", macs: 30, accuracy: 0.65, params: 1 }];
    await run.step("front", () => ({ measured }));
    expect(watcher.read()).toMatchObject({
      accuracyOf: "test",
      networks: [{ label: "found 1", kind: "found", macs: 30, accuracy: 0.65 }],
    });
  });

  test("the predicted front of the ratings that are searched, and another once they are others", async () => {
    const watcher = new RunWatcher(run.path);
    const row = (path: number, score: number, macs: number) => {
      return { block: 0, cell: 0, path: [path], score, width: 4, cost: { macs: { 8: macs } } };
    };
    const whole = { space: "one", stemWidth: 8, stemCost: { macs: 1 }, headCost: { macs: { 4: 2 } } };
    const write = (score: number) =>
      writeJson(run.file("ratings", "table.json"), {
        ...whole,
        blocks: [[row(0, 3, 10), row(1, score, 20), row(2, 5, 30)]],
      });
    write(1);
    expect(watcher.read().front).toEqual([]);
    await run.step("search", () => ({}));
    expect(watcher.read().front).toEqual([
      [13, 3],
      [23, 1],
    ]);
    write(4.25);
    expect(watcher.read().front).toEqual([[13, 3]]);
  });
});
